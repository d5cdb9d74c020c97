import { expect, type Locator, type Page } from '@playwright/test'

/** What a page comes to show, however busy the machine is. */
export const expectPage = expect.configure({ timeout: 10_000 })

/** A person who has no mouse. */
export interface Keyboard {
  press(...keys: string[]): Promise<void>
  type(text: string): Promise<void>
  /** Finds an action in the palette and does it. */
  command(text: string): Promise<void>
  /** Goes by Tab until an element has the focus; throws with what it came past where it is not reached. */
  tabTo(wanted: Locator, key?: 'Tab' | 'Shift+Tab'): Promise<void>
  /** Waits until an element has the focus. */
  at(wanted: Locator): Promise<void>
}

const mostStops = 40

export function keyboardOf(page: Page): Keyboard {
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key)
  }
  const type = (text: string) => page.keyboard.type(text)
  const hasFocus = (wanted: Locator) => wanted.evaluate((element) => element === document.activeElement)
  const here = () =>
    page.evaluate(() => {
      const element = document.activeElement
      return element?.getAttribute('aria-label') ?? element?.textContent?.trim().slice(0, 40) ?? ''
    })
  return {
    press,
    type,
    async command(text) {
      await press('Control+k')
      const field = page.getByPlaceholder('What do you want to do?')
      await field.waitFor()
      await type(text)
      await press('Enter')
      await field.waitFor({ state: 'detached' })
    },
    async tabTo(wanted, key = 'Tab') {
      await wanted.waitFor()
      const passed: string[] = []
      while (!(await hasFocus(wanted))) {
        if (passed.length === mostStops) throw new Error(`${key} did not come to it, but past: ${passed.join(' | ')}`)
        await press(key)
        passed.push(await here())
      }
    },
    async at(wanted) {
      await expectPage(wanted).toBeFocused()
    },
  }
}
