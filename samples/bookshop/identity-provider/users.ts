/** A person who can sign in. The password equals the name: this provider is for development only. */
export interface User {
  name: UserName
  fullName: string
  email: string
  roles: string[]
  groups: string[]
  /** The scopes this person may be given; others that a client asks for are left out. */
  scopes: string[]
}

export type UserName = 'anna' | 'ben' | 'carla'

/** Every scope that the bookshop's API knows. */
export const apiScopes = ['books:read', 'books:write', 'orders:read', 'orders:write', 'admin']

export const users: Record<UserName, User> = {
  anna: {
    name: 'anna',
    fullName: 'Anna Editor',
    email: 'anna@bookshop.example',
    roles: ['editor'],
    groups: ['readers', 'editors'],
    scopes: ['books:read', 'books:write', 'orders:read', 'orders:write'],
  },
  ben: {
    name: 'ben',
    fullName: 'Ben Reader',
    email: 'ben@bookshop.example',
    roles: ['reader'],
    groups: ['readers'],
    scopes: ['books:read', 'orders:read', 'orders:write'],
  },
  carla: {
    name: 'carla',
    fullName: 'Carla Admin',
    email: 'carla@bookshop.example',
    roles: ['admin'],
    groups: ['readers', 'editors', 'admins'],
    scopes: apiScopes,
  },
}

/** Finds a user by name; `undefined` when there is none. */
export function findUser(name: string | undefined): User | undefined {
  return name !== undefined && Object.hasOwn(users, name) ? users[name as UserName] : undefined
}
