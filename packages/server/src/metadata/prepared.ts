import type { Compilable, CompiledQuery, Kysely, QueryResult } from 'kysely'
import type { Tables } from './tables.ts'

/** A query built once, executed many times: in a transaction, or in the database outside of any. */
export type Prepared<Args extends readonly unknown[], Row> = (
  executor: Kysely<Tables>,
  ...args: Args
) => Promise<QueryResult<Row>>

/**
 * Builds a query once and for all: on the path of a part, building and compiling it would cost more than running it.
 * `build` is called with marks in place of its arguments, which it may only pass on as values.
 */
export function prepare<const Args extends readonly unknown[], Row>(
  build: (...args: Args) => Compilable<Row>,
): Prepared<Args, Row> {
  const marks = Array.from({ length: build.length }, (_, index) => Symbol(`argument ${index}`))
  const query = build(...(marks as unknown as Args)).compile() // a mark goes where its value will, unlooked at
  const sources = query.parameters.map((parameter) => marks.indexOf(parameter as symbol))
  return (executor, ...args) => {
    const parameters = sources.map((source, index) => (source < 0 ? query.parameters[index] : args[source]))
    const filled: CompiledQuery<Row> = { ...query, parameters }
    return executor.executeQuery(filled)
  }
}
