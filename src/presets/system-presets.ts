/** The presets that every account has: what people convert every day, with settings that play everywhere. */
import type { Preset, PresetCommand } from './preset.ts'

/** When they came into the product, in ms since the epoch. */
const PUBLISHED_AT = Date.UTC(2026, 10, 24)

/** Most players want H.264 with 4:2:0 colours, which need an even width and height. */
const H264 = '-c:v libx264 -preset medium -crf 23 -pix_fmt yuv420p'
const AAC = '-c:a aac -b:a 160k'
const EVEN = 'scale=trunc(iw/2)*2:trunc(ih/2)*2'
const FASTSTART = '-movflags +faststart'

interface Definition {
  slug: string
  name: string
  description: string
  inputKeys: string[]
  outputs: Record<string, string>
  commands: [string, ...string[]]
}

const DEFINITIONS: Definition[] = [
  {
    slug: 'web_mp4',
    name: 'Web MP4',
    description: 'H.264 and AAC in an MP4 that every browser plays, and that begins to play before it has arrived.',
    inputKeys: ['in_video'],
    outputs: { out_video: 'video.mp4' },
    commands: [`-i {{in_video}} -vf "${EVEN}" ${H264} ${AAC} ${FASTSTART} {{out_video}}`],
  },
  {
    slug: 'webm',
    name: 'WebM',
    description: 'VP9 and Opus: smaller than H.264 at the same quality, for browsers and Android.',
    inputKeys: ['in_video'],
    outputs: { out_video: 'video.webm' },
    commands: ['-i {{in_video}} -c:v libvpx-vp9 -crf 32 -b:v 0 -row-mt 1 -pix_fmt yuv420p -c:a libopus -b:a 128k {{out_video}}'],
  },
  {
    slug: '720p_mp4',
    name: '720p MP4',
    description: 'A Web MP4 of 720 lines at most; a smaller video keeps its size.',
    inputKeys: ['in_video'],
    outputs: { out_video: 'video-720p.mp4' },
    commands: [`-i {{in_video}} -vf "scale=-2:trunc(min(720\\,ih)/2)*2" ${H264} ${AAC} ${FASTSTART} {{out_video}}`],
  },
  {
    slug: 'vertical',
    name: 'Vertical 9:16',
    description: '1080×1920 for stories and shorts: the whole picture over a blurred copy of itself.',
    inputKeys: ['in_video'],
    outputs: { out_video: 'vertical.mp4' },
    commands: [
      `-i {{in_video}} -filter_complex "[0:v]split[back][front];[back]scale=1080:1920:force_original_aspect_ratio=increase,crop=1080:1920,gblur=sigma=20[blurred];[front]scale=1080:1920:force_original_aspect_ratio=decrease[whole];[blurred][whole]overlay=(W-w)/2:(H-h)/2,format=yuv420p[v]" -map "[v]" -map 0:a? ${H264} ${AAC} ${FASTSTART} {{out_video}}`,
    ],
  },
  {
    slug: 'gif',
    name: 'Animated GIF',
    description: '12 pictures a second, 480 pixels wide at most, with a palette made for this very video.',
    inputKeys: ['in_video'],
    outputs: { out_image: 'animation.gif' },
    commands: [
      '-i {{in_video}} -filter_complex "fps=12,scale=min(480\\,iw):-1:flags=lanczos,split[a][b];[a]palettegen[palette];[b][palette]paletteuse" -loop 0 {{out_image}}',
    ],
  },
  {
    slug: 'thumbnail',
    name: 'Thumbnail',
    description: 'The most telling picture of the first hundred, as a JPEG.',
    inputKeys: ['in_video'],
    outputs: { out_image: 'thumbnail.jpg' },
    commands: ['-i {{in_video}} -vf "thumbnail=100" -frames:v 1 -q:v 3 {{out_image}}'],
  },
  {
    slug: 'contact_sheet',
    name: 'Contact sheet',
    description: 'Twelve pictures, a second apart, on one JPEG of four columns.',
    inputKeys: ['in_video'],
    outputs: { out_image: 'contact-sheet.jpg' },
    commands: ['-i {{in_video}} -vf "fps=1,scale=320:-2,tile=4x3" -frames:v 1 -q:v 3 {{out_image}}'],
  },
  {
    slug: 'audio_mp3',
    name: 'Extract the sound as MP3',
    description: 'The sound of a video, or any audio file, as an MP3 of about 190 kbit/s.',
    inputKeys: ['in_media'],
    outputs: { out_audio: 'audio.mp3' },
    commands: ['-i {{in_media}} -vn -c:a libmp3lame -q:a 2 {{out_audio}}'],
  },
  {
    slug: 'normalise_loudness',
    name: 'Normalise the loudness',
    description: 'EBU R 128 at −16 LUFS with peaks below −1.5 dBTP, as podcasts and streaming services want it.',
    inputKeys: ['in_audio'],
    outputs: { out_audio: 'normalised.m4a' },
    commands: ['-i {{in_audio}} -vn -af loudnorm=I=-16:TP=-1.5:LRA=11 -ar 48000 -c:a aac -b:a 192k {{out_audio}}'],
  },
  {
    slug: 'waveform',
    name: 'Waveform picture',
    description: 'The whole sound as one PNG of 1200×240.',
    inputKeys: ['in_audio'],
    outputs: { out_image: 'waveform.png' },
    commands: ['-i {{in_audio}} -filter_complex "showwavespic=s=1200x240:colors=#3b82f6" -frames:v 1 {{out_image}}'],
  },
  {
    slug: 'hls',
    name: 'HLS stream',
    description: 'A playlist with segments of six seconds; the link to it plays as it is.',
    inputKeys: ['in_video'],
    outputs: { out_playlist_hls: 'stream.m3u8' },
    commands: [
      `-i {{in_video}} -vf "${EVEN}" ${H264} -force_key_frames "expr:gte(t,n_forced*6)" ${AAC} -f hls -hls_time 6 -hls_playlist_type vod -hls_segment_filename segment_%03d.ts {{out_playlist_hls}}`,
    ],
  },
  {
    slug: 'watermark',
    name: 'Watermark',
    description: 'A picture, twenty pixels from the lower right corner of the video.',
    inputKeys: ['in_video', 'in_image'],
    outputs: { out_video: 'watermarked.mp4' },
    commands: [
      `-i {{in_video}} -i {{in_image}} -filter_complex "[0:v][1:v]overlay=W-w-20:H-h-20,${EVEN}[v]" -map "[v]" -map 0:a? ${H264} ${AAC} ${FASTSTART} {{out_video}}`,
    ],
  },
  {
    slug: 'burn_subtitles',
    name: 'Burn in subtitles',
    description: 'Subtitles from an SRT, VTT or ASS file, drawn into the picture.',
    inputKeys: ['in_video', 'in_subtitles'],
    outputs: { out_video: 'subtitled.mp4' },
    commands: [`-i {{in_video}} -vf "subtitles={{in_subtitles}},${EVEN}" ${H264} ${AAC} ${FASTSTART} {{out_video}}`],
  },
  {
    slug: 'join',
    name: 'Join two videos',
    description: 'One after the other, each fitted into 1280×720. Both need sound.',
    inputKeys: ['in_first', 'in_second'],
    outputs: { out_video: 'joined.mp4' },
    commands: [
      `-i {{in_first}} -i {{in_second}} -filter_complex "[0:v]scale=1280:720:force_original_aspect_ratio=decrease,pad=1280:720:(ow-iw)/2:(oh-ih)/2,setsar=1,fps=30,format=yuv420p[v0];[1:v]scale=1280:720:force_original_aspect_ratio=decrease,pad=1280:720:(ow-iw)/2:(oh-ih)/2,setsar=1,fps=30,format=yuv420p[v1];[0:a]aresample=48000,aformat=channel_layouts=stereo[a0];[1:a]aresample=48000,aformat=channel_layouts=stereo[a1];[v0][a0][v1][a1]concat=n=2:v=1:a=1[v][a]" -map "[v]" -map "[a]" ${H264} ${AAC} ${FASTSTART} {{out_video}}`,
    ],
  },
  {
    slug: 'double_speed',
    name: 'Double speed',
    description: 'Picture and sound twice as fast, at the same pitch.',
    inputKeys: ['in_video'],
    outputs: { out_video: 'double-speed.mp4' },
    commands: [`-i {{in_video}} -vf "setpts=PTS/2,${EVEN}" -af atempo=2 ${H264} ${AAC} ${FASTSTART} {{out_video}}`],
  },
  {
    slug: 'two_pass_mp4',
    name: 'MP4 of a given bitrate, in two passes',
    description: 'H.264 at 1.5 Mbit/s: the first pass learns where the bits are needed, the second spends them there.',
    inputKeys: ['in_video'],
    outputs: { out_video: 'video.mp4' },
    commands: [
      `-i {{in_video}} -vf "${EVEN}" -c:v libx264 -pix_fmt yuv420p -b:v 1500k -pass 1 -passlogfile pass -an -f null -`,
      `-i {{in_video}} -vf "${EVEN}" -c:v libx264 -pix_fmt yuv420p -b:v 1500k -pass 2 -passlogfile pass ${AAC} ${FASTSTART} {{out_video}}`,
    ],
  },
]

/** In the order in which they are listed. */
export const SYSTEM_PRESETS: readonly Preset[] = DEFINITIONS.map(({ slug, name, description, inputKeys, outputs, commands }) => ({
  id: `prs_system_${slug}`,
  name,
  description,
  isSystem: true,
  command: commandOf(commands),
  inputKeys,
  outputs,
  metadata: '{}',
  createdAt: PUBLISHED_AT,
  updatedAt: PUBLISHED_AT,
}))

function commandOf(commands: [string, ...string[]]): PresetCommand {
  const [only, ...more] = commands
  if (more.length === 0) return { command_type: 'FFMPEG_COMMAND', ffmpeg_command: `ffmpeg ${only}` }
  return { command_type: 'CHAINED_COMMAND', ffmpeg_commands: commands.map((command) => `ffmpeg ${command}`) }
}
