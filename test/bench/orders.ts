/** The API whose requests the third scenario validates: a document and a body of about 1 KB that fits it. */
export const ordersDocument = {
  openapi: '3.0.3',
  info: { title: 'Orders', version: '1.0.0' },
  paths: {
    '/orders': {
      post: {
        operationId: 'createOrder',
        requestBody: {
          required: true,
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Order' } } },
        },
        responses: { '200': { description: 'Accepted' } },
      },
    },
  },
  components: {
    schemas: {
      Order: {
        type: 'object',
        additionalProperties: false,
        required: ['id', 'customer', 'lines', 'placedAt', 'currency'],
        properties: {
          id: { type: 'string', format: 'uuid' },
          placedAt: { type: 'string', format: 'date-time' },
          currency: { type: 'string', enum: ['EUR', 'USD', 'CHF'] },
          note: { type: 'string', maxLength: 500 },
          customer: {
            type: 'object',
            additionalProperties: false,
            required: ['name', 'email'],
            properties: {
              name: { type: 'string', minLength: 1, maxLength: 100 },
              email: { type: 'string', format: 'email' },
              address: {
                type: 'object',
                additionalProperties: false,
                required: ['street', 'city', 'country'],
                properties: {
                  street: { type: 'string' },
                  city: { type: 'string' },
                  country: { type: 'string', pattern: '^[A-Z]{2}$' },
                },
              },
            },
          },
          lines: {
            type: 'array',
            minItems: 1,
            maxItems: 50,
            items: {
              type: 'object',
              additionalProperties: false,
              required: ['sku', 'quantity', 'price'],
              properties: {
                sku: { type: 'string', pattern: '^[A-Z]{3}-[0-9]{4}$' },
                title: { type: 'string', maxLength: 200 },
                quantity: { type: 'integer', minimum: 1, maximum: 1000 },
                price: { type: 'number', minimum: 0 },
              },
            },
          },
        },
      },
    },
  },
}

const order = {
  id: '3f2b8a52-6f0e-4d0c-9a55-0d8a2b7c9e11',
  placedAt: '2026-03-01T09:30:00Z',
  currency: 'EUR',
  note: 'Please leave the parcel with the neighbours on the second floor when nobody answers the door.',
  customer: {
    name: 'Ada Lovelace',
    email: 'ada@example.com',
    address: { street: '12 St James Square', city: 'London', country: 'GB' },
  },
  lines: Array.from({ length: 7 }, (_, index) => ({
    sku: `BOO-${1000 + index}`,
    title: `A history of reckoning machines, volume ${index + 1}`,
    quantity: index + 1,
    price: 19.5 + index,
  })),
}

export const goodOrder = JSON.stringify(order)

/** Bodies that must be refused, by what is wrong with them. */
export const badOrders: Record<string, string> = {
  'a required property is missing': JSON.stringify({ ...order, customer: undefined }),
  'a quantity is a word': JSON.stringify({ ...order, lines: [{ ...order.lines[0], quantity: 'two' }] }),
  'a property nobody knows': JSON.stringify({ ...order, discount: 100 }),
}
