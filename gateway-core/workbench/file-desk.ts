import type { OpenedWorkspace } from './opened-workspace.ts'

export class FileDesk {
  constructor(opened: OpenedWorkspace, changed: (path: string, version: string | null) => void) {
    void opened
    void changed
  }

  close(): void {}
}
