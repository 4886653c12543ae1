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
  const marks = marksFor(build.length)
  const fill = fillable(build(...(marks as unknown as Args)), marks)
  return (executor, ...args) => executor.executeQuery(fill(args))
}

/** The same for a query about rows of values, each `width` wide: built once for every number of rows there is. */
export function prepareRows<Values extends readonly unknown[], Row>(
  build: (rows: Values[]) => Compilable<Row>,
  width: Values['length'],
): Prepared<[rows: readonly Values[]], Row> {
  const known = new Map<number, Fill<Row>>()
  const fillFor = (count: number) => {
    const marks = Array.from({ length: count }, () => marksFor(width))
    return fillable(build(marks as unknown as Values[]), marks.flat())
  }
  return (executor, rows) => {
    const fill = known.get(rows.length) ?? fillFor(rows.length)
    known.set(rows.length, fill)
    return executor.executeQuery(fill(rows.flat()))
  }
}

type Fill<Row> = (values: readonly unknown[]) => CompiledQuery<Row>

function marksFor(count: number): symbol[] {
  return Array.from({ length: count }, (_, index) => Symbol(`argument ${index}`))
}

function fillable<Row>(built: Compilable<Row>, marks: readonly symbol[]): Fill<Row> {
  const query = built.compile() // a mark goes where its value will, unlooked at
  const sources = query.parameters.map((parameter) => marks.indexOf(parameter as symbol))
  return (values) => {
    const parameters = sources.map((source, index) => (source < 0 ? query.parameters[index] : values[source]))
    return { ...query, parameters }
  }
}
