import { core } from '../core/core.ts'
import { setJsonSchema } from '../monaco/json-language.ts'
import type { Model } from '../monaco/monaco.ts'
import { openApiSchema, openApiVersionOf } from '../monaco/openapi-schema.ts'
import { setYamlSchema } from '../monaco/yaml-language.ts'
import { tellFailure } from '../shell/notices.ts'

type Schema = Record<string, unknown> | null

/**
 * Gives the editor the schema that a text follows: the one that the core validates with, else that of the version of
 * OpenAPI that the text names. It follows the text when the version is changed.
 */
export function followSchema(path: string, model: Model): void {
  const language = model.getLanguageId()
  if (language !== 'yaml' && language !== 'json') return
  const uri = model.uri.toString()
  const tell = (schema: Schema) => {
    if (!model.isDisposed()) (language === 'yaml' ? setYamlSchema : setJsonSchema)(uri, schema)
  }
  let version: ReturnType<typeof openApiVersionOf>
  const ofOpenApi = () => {
    version = openApiVersionOf(model.getValue())
    if (version) openApiSchema(version).then(tell, tellFailure)
    else tell(null)
  }
  core.call('files.schema', { path }).then(({ schema }) => {
    if (model.isDisposed()) return
    if (schema) return tell(schema)
    ofOpenApi()
    model.onDidChangeContent(({ changes }) => {
      const named = changes.some(({ range, text }) => {
        const line = model.getLineContent(Math.min(range.startLineNumber, model.getLineCount()))
        return /openapi|swagger/.test(line + text)
      })
      if (named && openApiVersionOf(model.getValue()) !== version) ofOpenApi()
    })
  }, tellFailure)
  model.onWillDispose(() => (language === 'yaml' ? setYamlSchema : setJsonSchema)(uri, null))
}
