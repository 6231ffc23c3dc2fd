/** What the API sends, as its own schemas have it. Types only: no schema comes along into the page. */
import type { z } from 'zod'
import type { faultSchema } from '../../api/errors.ts'
import type { fileBegunSchema, fileListSchema, fileSchema, uploadBegunSchema } from '../../api/file-schemas.ts'
import type { presetListSchema, presetSchema } from '../../api/preset-schemas.ts'
import type { commandListSchema, commandSchema, outputFileSchema, statusSchema, submitSchema } from '../../api/schemas.ts'
import type { chainedSubmitSchema, validatedSchema } from '../../api/submit-schemas.ts'
import type { deliveriesSchema, deliverySchema, webhookConfigSchema } from '../../api/webhook-schemas.ts'

export type Fault = z.output<typeof faultSchema>
export type Command = z.output<typeof commandSchema>
export type CommandStatus = z.output<typeof statusSchema>
export type CommandList = z.output<typeof commandListSchema>
export type OutputFile = z.output<typeof outputFileSchema>
export type StoredFile = z.output<typeof fileSchema>
export type FileList = z.output<typeof fileListSchema>
export type FileBegun = z.output<typeof fileBegunSchema>
export type UploadBegun = z.output<typeof uploadBegunSchema>
export type Preset = z.output<typeof presetSchema>
export type PresetList = z.output<typeof presetListSchema>
export type Validated = z.output<typeof validatedSchema>
export type WebhookConfig = z.output<typeof webhookConfigSchema>
export type Delivery = z.output<typeof deliverySchema>
export type Deliveries = z.output<typeof deliveriesSchema>

/** A submit, of one command or of a chain. */
export type SubmitRequest = z.input<typeof submitSchema> | z.input<typeof chainedSubmitSchema>

/** What an event tells of a command that goes on. */
export interface Standing extends Pick<Command, 'command_id' | 'status' | 'processing_stage' | 'progress' | 'queue_position'> {
  ffmpeg: {
    /** Which command of a chain, from 1. */
    command: number
    frame: number | null
    fps: number | null
    out_time_seconds: number | null
    /** 2 is twice as fast as the media plays. */
    speed: number | null
  } | null
}
