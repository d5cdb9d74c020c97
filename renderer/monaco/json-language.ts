import {
  CompletionAdapter,
  DocumentFormattingEditProvider,
  HoverAdapter,
} from 'monaco-editor/languages/features/common/lspLanguageFeatures.js'
import { monaco } from './monaco.ts'
import { startJsonWorker, startWith } from './workers.ts'

const schemas = new Map<string, Record<string, unknown>>()
let worker: monaco.editor.MonacoWebWorker<object> | undefined

/**
 * Says which schema the JSON text at `uri` follows, for completion and hover. Problems come from the core alone, as for
 * YAML.
 */
export function setJsonSchema(uri: string, schema: Record<string, unknown> | null): void {
  if (schemas.get(uri) === (schema ?? undefined)) return
  if (schema) schemas.set(uri, schema)
  else schemas.delete(uri)
  // The next question starts another one, which knows it.
  worker?.dispose()
  worker = undefined
}

/** The worker with these texts as typed; it starts with the first question. */
function workerWith(...uris: monaco.Uri[]): Promise<object> {
  worker ??= monaco.editor.createWebWorker({
    worker: startWith(startJsonWorker(), {
      languageId: 'json',
      enableSchemaRequest: false,
      languageSettings: {
        validate: false,
        schemas: [...schemas].map(([uri, schema]) => ({
          uri: uri.replace('file://', 'gatehouse://schema'),
          fileMatch: [uri],
          schema,
        })),
      },
    }),
  })
  return worker.withSyncedResources(uris)
}

/** Colours, completion, hover and format for JSON. What is right and wrong in it the core says. */
export function registerJson(): void {
  monaco.languages.register({ id: 'json', extensions: ['.json'] })
  monaco.languages.registerCompletionItemProvider('json', new CompletionAdapter(workerWith, [' ', ':', '"']))
  monaco.languages.registerHoverProvider('json', new HoverAdapter(workerWith))
  monaco.languages.registerDocumentFormattingEditProvider('json', new DocumentFormattingEditProvider(workerWith))
  monaco.languages.setLanguageConfiguration('json', {
    brackets: [
      ['{', '}'],
      ['[', ']'],
    ],
    autoClosingPairs: [
      { open: '{', close: '}', notIn: ['string'] },
      { open: '[', close: ']', notIn: ['string'] },
      { open: '"', close: '"', notIn: ['string'] },
    ],
  })
  monaco.languages.setMonarchTokensProvider('json', {
    tokenizer: {
      root: [
        [/"(?:[^"\\]|\\.)*"(?=\s*:)/, 'type'],
        [/"(?:[^"\\]|\\.)*"?/, 'string'],
        [/-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/, 'number'],
        [/\b(?:true|false|null)\b/, 'keyword'],
        [/[{}[\],:]/, 'delimiter'],
      ],
    },
  })
}
