/** All in which `/v1` differs from `/api/v1`: what the routes follow, and what the guide to the older form shows. */

/** What is done around a route of the API. */
export type Adaptation =
  | 'share_files_among_commands'
  | 'bare_array_of_commands'
  | 'bare_array_of_files'
  | 'name_deleted_outputs'
  | 'name_deleted_file'
  | 'delete_many'

export interface DialectRoute {
  method: 'GET' | 'POST' | 'DELETE'
  /** Below `/v1`, and below `/api/v1` where there is a route like it. */
  path: string
  adaptation: Adaptation
  /** In words of the guide. */
  difference: string
}

/** Most entries of a list in one answer, and how many there are unless the client says otherwise. */
export const LIST_LIMIT = 1000

/** Most files that are deleted in one request: each is up to three requests of the Worker's own, of which it has 10,000. */
export const DELETE_LIMIT = 1000

/** The routes that differ. Every other route of the API is there as well, as it is. */
export const ROUTES: readonly DialectRoute[] = [
  {
    method: 'POST',
    path: '/run-multiple-ffmpeg-commands',
    adaptation: 'share_files_among_commands',
    difference: '`{"ffmpeg_commands": […] or {name: …}, "input_files", "output_files"}`: each command gets those of the files that it uses',
  },
  {
    method: 'GET',
    path: '/commands',
    adaptation: 'bare_array_of_commands',
    difference: `a bare array; \`limit\` is ${LIST_LIMIT} at most and unless given`,
  },
  {
    method: 'DELETE',
    path: '/commands/:command_id/files',
    adaptation: 'name_deleted_outputs',
    difference: '`deleted_file_ids` beside the rest',
  },
  {
    method: 'GET',
    path: '/files',
    adaptation: 'bare_array_of_files',
    difference: `a bare array; \`limit\` is ${LIST_LIMIT} at most and unless given`,
  },
  {
    method: 'DELETE',
    path: '/files/bulk-delete',
    adaptation: 'delete_many',
    difference: 'as `POST` there',
  },
  { method: 'DELETE', path: '/files/:file_id', adaptation: 'name_deleted_file', difference: '`deleted_file_ids` beside the rest' },
  {
    method: 'POST',
    path: '/files/bulk-delete',
    adaptation: 'delete_many',
    difference: `only here: \`{"file_ids": […]}\` → \`{"deleted_file_ids": […]}\`; ${DELETE_LIMIT} at most, and those that are not there are passed over`,
  },
]

/** `command_type` here, by what it is called in the API. What is not listed is called the same. */
export const COMMAND_TYPES: Readonly<Record<string, string>> = {
  CHAINED_COMMAND: 'FFMPEG_CHAINED_COMMANDS',
  MULTIPLE_COMMAND: 'FFMPEG_MULTIPLE_COMMANDS',
}

/** `processing_stage` here, by what it is called in the API. What is not listed is called the same. */
export const STAGES: Readonly<Record<string, string>> = { DOWNLOADING: 'PREPARING_INPUT_FILES', FFMPEG: 'FFMPEG_PROCESSING' }

/** The whole body of a 401. */
export const UNAUTHORIZED = { detail: 'Invalid authorization key' } as const

/** The rows of the guide's table: where, and what is different there. */
export function differenceRows(): [where: string, difference: string][] {
  return [
    ['every 401', `\`${JSON.stringify(UNAUTHORIZED)}\`, and no more`],
    ['every submit', '`vcpu_count` is taken and of no effect'],
    ['every poll response', '`vcpu_count` as it was sent, or null'],
    ['its `command_type`', wordsIn(COMMAND_TYPES)],
    ['its `processing_stage`', wordsIn(STAGES)],
    ...ROUTES.map(({ method, path, difference }): [string, string] => [`\`${method} /v1${path}\``, difference]),
  ]
}

function wordsIn(words: Readonly<Record<string, string>>): string {
  return Object.entries(words)
    .map(([api, here]) => `\`${here}\` for \`${api}\``)
    .join(', ')
}
