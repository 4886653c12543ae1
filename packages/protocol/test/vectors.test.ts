import { describe, expect, test } from 'vitest'
import { clientSignatureVector, hotlinkVector, verifyContentVector } from './vectors/other-vectors.ts'
import { serverVector } from './vectors/server-vector.ts'
import { reasons, ugcVector } from './vectors/ugc-vector.ts'
import { type AnyVector, vectorFile } from './vectors/vector-file.ts'

const knownClauses: Readonly<Record<AnyVector['family'], readonly string[]>> = {
  common: ['verdict', 'uploadCode', 'generalCode', 'canRetry'],
  ugc: [
    ...['verdict', 'uploadCode', 'generalCode', 'canRetry'],
    ...['effectiveT', 'effectiveE', 'because', 'requestFileSha'],
  ],
  verify_content: ['equalsPublished'],
  'client-signature-v2': [],
  hotlink: ['equalsPublished'],
}

const covered: string[] = []

/** Registers the tests of a vector, and notes it as covered when its family has any. */
function register(vector: AnyVector): void {
  switch (vector.family) {
    case 'common':
      serverVector(vector)
      break
    case 'ugc':
      ugcVector(vector)
      break
    case 'verify_content':
      verifyContentVector(vector)
      break
    case 'client-signature-v2':
      clientSignatureVector(vector)
      break
    case 'hotlink':
      hotlinkVector(vector)
      break
    default:
      return
  }
  covered.push(vector.id)
}

describe('golden vectors', () => {
  for (const vector of vectorFile.vectors) register(vector)
})

describe('the file of vectors', () => {
  test('holds the vectors it always held, each once', () => {
    const server = 'C01 C02 C03 C04 C05 C06 C07 C08 C09 C10 C11 C12 C13 C14 C90 C91 C92 C93'
    const ugc = 'U01 U02 U03 U04 U05 U06 U07 U08 U09 U10 U90 U91 U92 U93 U94'
    const others = 'F01 F02 N01 K01 K02 K03'
    expect(vectorFile.vectors.map(({ id }) => id)).toEqual(`${server} ${ugc} ${others}`.split(' '))
  })

  test('has no vector without a test', () => {
    expect(vectorFile.vectors.map(({ id }) => id).filter((id) => !covered.includes(id))).toEqual([])
  })

  test('expects nothing that no test looks at', () => {
    for (const { id, family, expect: expected } of vectorFile.vectors) {
      const unknown = Object.keys(expected ?? {}).filter((clause) => !knownClauses[family].includes(clause))
      expect(unknown, id).toEqual([])
      if (expected?.because !== undefined) expect(Object.keys(reasons), id).toContain(expected.because)
    }
  })
})
