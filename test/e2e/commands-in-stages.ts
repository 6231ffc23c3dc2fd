/** Commands that are held in each stage of their processing, for something to die meanwhile. */
import type { Command } from '../client/client.ts'
import type { ApiClient, SubmitOptions } from '../support/api-client.ts'

interface Wanted {
  stage: Command['processing_stage']
  body: SubmitOptions
  id?: string
}

export interface CommandsInStages {
  /** Of which one is in each stage; the others were missed there, or have ended too soon. */
  ids: string[]
  /** Lets the executor go on where it lives. */
  release(): void
}

/**
 * Submits until a command is in each stage. The executor is stopped then, as SIGSTOP does, so that they stay there.
 * @param gateUrl an input that does not come to its end
 * @param mark options for every FFmpeg
 */
export async function commandsInEveryStage(
  api: ApiClient,
  { executorPid, gateUrl, mark }: { executorPid: number; gateUrl: string; mark: string },
): Promise<CommandsInStages> {
  const ids: string[] = []
  // What lasts longest comes first.
  const wanted: Wanted[] = [
    {
      stage: 'DOWNLOADING',
      body: {
        input_files: { in_v: gateUrl },
        output_files: { out_v: 'a.mp4' },
        ffmpeg_command: `-i {{in_v}} ${mark} -c:v mpeg4 {{out_v}}`,
      },
    },
    {
      stage: 'FFMPEG',
      body: {
        output_files: { out_v: 'b.mp4' },
        ffmpeg_command: `-re -f lavfi -i testsrc2=s=320x180:d=5 ${mark} -c:v mpeg4 {{out_v}}`,
      },
    },
    {
      stage: 'UPLOADING',
      body: {
        output_files: { out_v: 'c.yuv' },
        ffmpeg_command: `-f lavfi -i color=s=1920x1080:d=0.4 -pix_fmt yuv420p ${mark} -f rawvideo {{out_v}}`,
      },
    },
  ]
  const stageOf = async ({ id }: Wanted) => (id === undefined ? null : (await api.poll(id)).processing_stage)
  const release = () => void process.kill(executorPid, 'SIGCONT')
  for (;;) {
    for (const command of wanted) {
      if ((await stageOf(command)) === command.stage) continue
      do {
        command.id = await api.submit(command.body)
        ids.push(command.id)
      } while (!(await api.reaches(command.id, command.stage)))
    }
    process.kill(executorPid, 'SIGSTOP')
    const seen = await Promise.all(wanted.map(stageOf))
    if (wanted.every(({ stage }, index) => stage === seen[index])) return { ids, release }
    release()
  }
}
