export interface Book {
  id: number
  isbn: string
  title: string
  author: string
  priceCents: number
  stock: number
  tags: string[]
  published: string
  description: string
}

export interface Customer {
  name: string
  fullName: string
  email: string
  phone: string
  role: 'reader' | 'editor' | 'admin'
  address: string
  creditCents: number
  pin: string
  passwordHash: string
  cards: { brand: string; number: string; expires: string }[]
}

export interface Order {
  id: number
  customer: string
  status: 'open' | 'paid' | 'shipped'
  items: { bookId: number; quantity: number }[]
  totalCents: number
  shipTo: string
  cardNumber: string
}

/** The catalogue as it stands at every start. Book 6 is a limited edition: 20 copies. */
export function firstBooks(): Book[] {
  const rows: [string, string, string, number, number, string[], string][] = [
    ['978-0-14-143951-8', 'Pride and Prejudice', 'Jane Austen', 899, 40, ['classic', 'novel'], '1813-01-28'],
    ['978-0-14-243724-7', 'Moby-Dick', 'Herman Melville', 1199, 12, ['classic', 'sea'], '1851-10-18'],
    ['978-0-14-143947-1', 'Frankenstein', 'Mary Shelley', 799, 25, ['classic', 'horror'], '1818-01-01'],
    ['978-0-14-044913-6', 'Crime and Punishment', 'Fyodor Dostoevsky', 1099, 18, ['classic', 'crime'], '1866-01-01'],
    ['978-0-14-143960-0', "Alice's Adventures in Wonderland", 'Lewis Carroll', 699, 33, ['children'], '1865-11-26'],
    ['978-0-00-000006-0', 'The Time Machine, signed', 'H. G. Wells', 9900, 20, ['limited'], '1895-05-07'],
    ['978-0-14-043126-1', "The Strange Case of O'Malley", 'Ada Quill', 1299, 7, ['crime'], '2019-03-14'],
    ['978-0-14-118776-1', 'C# & C++ <in anger>', 'Robert Tables', 3999, 5, ['computing'], '2021-09-01'],
  ]
  return rows.map(([isbn, title, author, priceCents, stock, tags, published], index) => {
    const description = `${title} by ${author}.`
    return { id: index + 1, isbn, title, author, priceCents, stock, tags, published, description }
  })
}

/** The customers, named as the identity provider's users. The card numbers are the public test numbers of the brands. */
export function firstCustomers(): Customer[] {
  const shared = { creditCents: 2500, passwordHash: '5f4dcc3b5aa765d61d8327deb882cf99' }
  return [
    {
      ...shared,
      name: 'anna',
      fullName: 'Anna Editor',
      email: 'anna@bookshop.example',
      phone: '+49 30 5550101',
      role: 'editor',
      address: '1 Quire Lane, Pageton',
      pin: '4711',
      cards: [{ brand: 'visa', number: '4111111111111111', expires: '2030-04' }],
    },
    {
      ...shared,
      name: 'ben',
      fullName: 'Ben Reader',
      email: 'ben@bookshop.example',
      phone: '+49 30 5550102',
      role: 'reader',
      address: '2 Folio Street, Pageton',
      pin: '0042',
      cards: [{ brand: 'mastercard', number: '5555555555554444', expires: '2029-11' }],
    },
    {
      ...shared,
      name: 'carla',
      fullName: 'Carla Admin',
      email: 'carla@bookshop.example',
      phone: '+49 30 5550103',
      role: 'admin',
      address: '3 Octavo Square, Pageton',
      pin: '8080',
      cards: [{ brand: 'amex', number: '378282246310005', expires: '2031-01' }],
    },
  ]
}

/** Orders 1001 to 1003, one per customer. */
export function firstOrders(): Order[] {
  return [
    {
      id: 1001,
      customer: 'anna',
      status: 'shipped',
      items: [{ bookId: 1, quantity: 1 }],
      totalCents: 899,
      shipTo: '1 Quire Lane, Pageton',
      cardNumber: '4111111111111111',
    },
    {
      id: 1002,
      customer: 'ben',
      status: 'paid',
      items: [{ bookId: 2, quantity: 2 }],
      totalCents: 2398,
      shipTo: '2 Folio Street, Pageton',
      cardNumber: '5555555555554444',
    },
    {
      id: 1003,
      customer: 'carla',
      status: 'open',
      items: [{ bookId: 8, quantity: 1 }],
      totalCents: 3999,
      shipTo: '3 Octavo Square, Pageton',
      cardNumber: '378282246310005',
    },
  ]
}
