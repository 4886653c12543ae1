import { limits, VodError } from '@sluice/protocol'
import type { FileClass } from '../metadata/metadata.ts'
import type { FilesDeps } from './files-deps.ts'

/** What files belong to that name no class, or one that does not exist. */
export const defaultClass = { classId: 0, name: '其他' } as const

/** A class with those below it. */
export interface ClassTree {
  readonly classId: number
  readonly parentId: number
  readonly name: string
  /** 0 at the top. */
  readonly level: number
  /** Files right in it. */
  readonly fileCount: number
  readonly below: readonly ClassTree[]
}

export interface NewClass {
  readonly appId: number
  readonly name: string
  /** -1 at the top. */
  readonly parentId: number
}

/**
 * Makes a class. Throws `defaultClass` (1903) below class 0, `classMissing` (1905) below one that is not there, `value`
 * (1000) too deep or with too many beside it.
 */
export async function createClass({ metadata, now }: FilesDeps, given: NewClass): Promise<FileClass> {
  const { appId, parentId } = given
  if (parentId === defaultClass.classId) throw new VodError('defaultClass', 'the default class has no subclasses')
  const classes = await metadata.listClasses(appId)
  if (levelOf(classes, parentId) + 1 >= limits.maxClassLevels) {
    throw new VodError('value', `parentId: classes have at most ${limits.maxClassLevels} levels`)
  }
  if (classes.filter((one) => one.parentId === parentId).length >= limits.maxSubclasses) {
    throw new VodError('value', `parentId: it has ${limits.maxSubclasses} classes already`)
  }
  return (await metadata.addClass({ ...given, createdAt: now() })) ?? missing(parentId)
}

/** Gives a class another name. Throws `classMissing` (1905), and `value` (1000) for the default class. */
export async function renameClass(
  { metadata, now }: FilesDeps,
  { appId, classId, name }: { readonly appId: number; readonly classId: number; readonly name: string },
): Promise<void> {
  requireOwn(classId)
  if (!(await metadata.renameClass({ appId, classId }, name, now()))) missing(classId)
}

/** Removes a class. Throws `classMissing` (1905), and `value` (1000) while it has classes or files, or is the default class. */
export async function deleteClass(
  { metadata }: FilesDeps,
  { appId, classId }: { readonly appId: number; readonly classId: number },
): Promise<void> {
  requireOwn(classId)
  if (await metadata.dropClass({ appId, classId })) return
  const classes = await metadata.listClasses(appId)
  if (classes.some((one) => one.classId === classId)) throw new VodError('value', 'classId: it has classes or files')
  missing(classId)
}

/** Throws `value` (1000) for a class that is neither the app's nor the default one. */
export async function requireClass({ metadata }: FilesDeps, appId: number, classId: number): Promise<void> {
  if (classId === defaultClass.classId) return
  const classes = await metadata.listClasses(appId)
  if (!classes.some((one) => one.classId === classId))
    throw new VodError('value', `classId: there is no class ${classId}`)
}

/** All classes as trees, the default one first: it also has the files whose class is gone. */
export async function classTrees({ metadata }: FilesDeps, appId: number): Promise<ClassTree[]> {
  const classes = await metadata.listClasses(appId)
  const counts = await metadata.countFilesByClass(appId)
  const byParent = Map.groupBy(classes, ({ parentId }) => parentId)
  const trees = (parentId: number, level: number): ClassTree[] =>
    (byParent.get(parentId) ?? []).map(({ classId, name }) => {
      const fileCount = counts.get(classId) ?? 0
      return { classId, parentId, name, level, fileCount, below: trees(classId, level + 1) }
    })
  const known = new Set(classes.map(({ classId }) => classId))
  const fileCount = [...counts].reduce((sum, [classId, count]) => (known.has(classId) ? sum : sum + count), 0)
  return [{ ...defaultClass, parentId: -1, level: 0, fileCount, below: [] }, ...trees(-1, 0)]
}

/** How many classes are above a class; -1 for what is above the top. */
function levelOf(classes: readonly FileClass[], classId: number): number {
  const found = classes.find((one) => one.classId === classId)
  return found ? levelOf(classes, found.parentId) + 1 : -1
}

function requireOwn(classId: number): void {
  if (classId === defaultClass.classId) throw new VodError('value', 'classId: the default class stays as it is')
}

function missing(classId: number): never {
  throw new VodError('classMissing', `there is no class ${classId}`)
}
