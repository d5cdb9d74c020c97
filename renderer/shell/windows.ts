import { create } from 'zustand'

/** What stands in front of everything; one at a time. */
export type Front = 'palette' | 'shortcuts' | 'open' | 'problems' | 'about' | 'own'

export const useFront = create<{ front: Front | undefined; show(front: Front | undefined): void }>((set) => ({
  front: undefined,
  show: (front) => set({ front }),
}))
