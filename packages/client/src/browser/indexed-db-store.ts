import { type HashRecord, type ResumeStore, recordLifeMs } from '../resume-store.ts'

const storeName = 'hashes'

/** Remembers hashes in the browser, for this origin: for every tab, after a reload or a crash. */
export function indexedDbStore(databaseName = 'sluice'): ResumeStore {
  let opened: Promise<IDBDatabase> | undefined
  const transaction = async <T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>) => {
    opened ??= open(databaseName)
    const store = (await opened).transaction(storeName, mode).objectStore(storeName)
    return result(work(store))
  }
  return {
    get: (key) => transaction<HashRecord | undefined>('readonly', (store) => store.get(key)),
    async put(key, record) {
      await transaction('readwrite', (store) => {
        removeOld(store, record.savedAt - recordLifeMs)
        return store.put(record, key)
      })
    },
    async delete(key) {
      await transaction('readwrite', (store) => store.delete(key))
    },
  }
}

function open(databaseName: string): Promise<IDBDatabase> {
  const request = indexedDB.open(databaseName, 1)
  request.onupgradeneeded = () => {
    request.result.createObjectStore(storeName).createIndex('savedAt', 'savedAt')
  }
  return result(request)
}

function removeOld(store: IDBObjectStore, before: number): void {
  const cursor = store.index('savedAt').openCursor(IDBKeyRange.upperBound(before))
  cursor.onsuccess = () => {
    cursor.result?.delete()
    cursor.result?.continue()
  }
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
