import {
  type ParamLimits,
  type PullAnswer,
  parseParams,
  type VodActionName,
  type VodEnvelope,
  VodError,
  vodActions,
  vodSuccess,
} from '@sluice/protocol'
import type { Caller } from '../auth/authenticate.ts'
import { confirmEvents } from '../events/confirm-events.ts'
import type { EventDeps } from '../events/event-deps.ts'
import { formatHandle } from '../events/event-handle.ts'
import { changeFile } from '../files/change-file.ts'
import { classTrees, createClass, defaultClass, deleteClass, renameClass } from '../files/classes.ts'
import { deleteFile } from '../files/delete-file.ts'
import { describeFile, searchFiles } from '../files/describe-files.ts'
import type { FilesDeps } from '../files/files-deps.ts'
import { addTags, removeTags } from '../files/tags.ts'
import { acceptPulls } from '../pulls/accept-pulls.ts'
import type { PullDeps } from '../pulls/pull-deps.ts'
import { classAnswer, classItem, fileSetItem, infoParts, playInfoItem, playSet } from './file-answers.ts'

export interface VodActionDeps {
  readonly events: EventDeps
  readonly files: FilesDeps
  readonly pulling: PullDeps
  readonly paramLimits: ParamLimits
}

type VodAnswer = (deps: VodActionDeps, caller: Caller, gone: AbortSignal) => Promise<VodEnvelope>

/** Every action of the table: its parameters read, its work done, its answer made. */
export const vodAnswers: Readonly<Record<VodActionName, VodAnswer>> = {
  async MultiPullVodFile({ pulling, paramLimits }, { app, params }) {
    const { pullset } = parseParams(vodActions.MultiPullVodFile.params, params, paramLimits)
    const pulls = await acceptPulls(pulling, app.appId, pullset)
    const data = pulls.map(({ url, fileId, fileName, taskId }) => {
      return { source_url: url, file_id: fileId, file_name: fileName, vod_task_id: taskId }
    })
    return vodSuccess({ data })
  },

  async PullEvent({ events }, { app }, gone): Promise<PullAnswer> {
    const { mode, types } = events.settingsOf(app)
    if (mode !== 'reliable')
      throw new VodError('blocked', `eventMode: events of this app are not pulled, it is ${mode}`)
    const pulled = await events.pulls.pull(app.appId, types, gone)
    return vodSuccess({
      eventList: pulled.map(({ content, ...event }) => ({ msgHandle: formatHandle(event), eventContent: content })),
    })
  },

  async ConfirmEvent({ events }, { app, params }) {
    const { msgHandle } = parseParams(vodActions.ConfirmEvent.params, params)
    const left = await confirmEvents(events, app.appId, msgHandle)
    if (left.length > 0) throw new VodError('parameters', `msgHandle: too old or unknown: ${left.join(', ')}`)
    return vodSuccess({})
  },

  /** The priority and the CDN are the old service's: a file is deleted at once, and nothing stands before it. */
  async DeleteVodFile({ files }, { app, params }) {
    const { fileId } = parseParams(vodActions.DeleteVodFile.params, params)
    await deleteFile(files, { appId: app.appId, fileId })
    return vodSuccess({})
  },

  async ModifyVodInfo({ files, paramLimits }, { app, params }) {
    const { fileId, fileName, fileIntro, classId, expireTimeStamp } = parseParams(
      vodActions.ModifyVodInfo.params,
      params,
      paramLimits,
    )
    const change = { fileName, description: fileIntro, classId, expireAt: expireTimeStamp }
    await changeFile(files, { appId: app.appId, fileId }, change)
    return vodSuccess({})
  },

  async GetVideoInfo({ files }, { app, params }) {
    const { fileId, infoFilter } = parseParams(vodActions.GetVideoInfo.params, params)
    const described = await describeFile(files, { appId: app.appId, fileId })
    const parts = Object.entries(infoParts).filter(([name]) => infoFilter.length === 0 || infoFilter.includes(name))
    return vodSuccess(Object.fromEntries(parts.map(([name, partOf]) => [name, partOf(described)])))
  },

  async DescribeVodInfo({ files }, { app, params }) {
    const { fileIds, from, to, classId, status, orderby, pageNo, pageSize } = parseParams(
      vodActions.DescribeVodInfo.params,
      params,
    )
    // Every file there is has status 2.
    if (status !== '' && status !== '2') return vodSuccess({ totalCount: 0, fileSet: [] })
    const { totalCount, files: found } = await searchFiles(files, {
      appId: app.appId,
      fileIds: fileIds.length === 0 ? undefined : fileIds,
      from,
      before: to === undefined ? undefined : to + 1_000,
      classId,
      order: orderby === 0 ? 'asc' : 'desc',
      offset: (pageNo - 1) * pageSize,
      limit: pageSize,
    })
    return vodSuccess({ totalCount, fileSet: found.map(fileSetItem) })
  },

  async DescribeVodPlayUrls({ files }, { app, params }) {
    const { fileId } = parseParams(vodActions.DescribeVodPlayUrls.params, params)
    return vodSuccess({ playSet: playSet(await describeFile(files, { appId: app.appId, fileId })) })
  },

  async DescribeVodPlayInfo({ files }, { app, params }) {
    const { fileName, pageNo, pageSize } = parseParams(vodActions.DescribeVodPlayInfo.params, params)
    const page = { offset: (pageNo - 1) * pageSize, limit: pageSize }
    const search = { appId: app.appId, namePrefix: fileName, order: 'asc', ...page } as const
    const { totalCount, files: found } = await searchFiles(files, search)
    return vodSuccess({ totalCount, fileSet: found.map(playInfoItem) })
  },

  async CreateVodTags({ files }, { app, params }) {
    const { fileId, tags } = parseParams(vodActions.CreateVodTags.params, params)
    await addTags(files, { appId: app.appId, fileId }, tags)
    return vodSuccess({})
  },

  async DeleteVodTags({ files }, { app, params }) {
    const { fileId, tags } = parseParams(vodActions.DeleteVodTags.params, params)
    await removeTags(files, { appId: app.appId, fileId }, tags)
    return vodSuccess({})
  },

  async CreateClass({ files }, { app, params }) {
    const { className: name, parentId } = parseParams(vodActions.CreateClass.params, params)
    const { classId } = await createClass(files, { appId: app.appId, name, parentId })
    return vodSuccess({ newClassId: String(classId) })
  },

  async DescribeClass({ files }, { app }) {
    const { createdAt } = app
    const classes = await files.metadata.listClasses(app.appId)
    const data = [{ ...defaultClass, createdAt, updatedAt: createdAt }, ...classes].map(classItem)
    return vodSuccess({ data })
  },

  async DescribeAllClass({ files }, { app }) {
    return vodSuccess({ data: (await classTrees(files, app.appId)).map(classAnswer) })
  },

  async ModifyClass({ files }, { app, params }) {
    const { classId, className: name } = parseParams(vodActions.ModifyClass.params, params)
    await renameClass(files, { appId: app.appId, classId, name })
    return vodSuccess({})
  },

  async DeleteClass({ files }, { app, params }) {
    const { classId } = parseParams(vodActions.DeleteClass.params, params)
    await deleteClass(files, { appId: app.appId, classId })
    return vodSuccess({})
  },
}
