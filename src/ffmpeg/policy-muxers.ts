/** Muxers: which formats an output may have, and why the rest is refused. */
import { DEVICE, NETWORK, type Refusal, refusals } from './policy-rules.ts'

/**
 * Formats that are written to the output itself, or to plain names beside it, from `ffmpeg -muxers` of releases 4 to 8. A muxer that is not
 * here may open anything, so it is not to be used.
 */
export const MUXERS: ReadonlySet<string> = new Set([
  ...'3g2 3gp a64 ac3 ac4 adts adx aea aiff alaw alp amr amv apm apng aptx aptx_hd apv argo_asf argo_cvg asf asf_stream'.split(' '),
  ...'ass ast au avi avif avm2 avs2 avs3 bit caf cavsvideo chromaprint codec2 codec2raw crc dash data daud dfpwm dirac'.split(' '),
  ...'dnxhd dts dv dvd eac3 evc f32be f32le f4v f64be f64le ffmetadata film_cpk filmstrip fits flac flv framecrc framehash'.split(' '),
  ...'framemd5 g722 g723_1 g726 g726le g728 gif gsm gxf h261 h263 h264 hash hevc hls iamf ico ilbc image2 image2pipe ipod'.split(' '),
  ...'ircam ismv ivf jacosub kvag latm lc3 lrc m4v matroska mcc md5 microdvd mjpeg mkvtimestamp_v2 mlp mmf mov mp2 mp3 mp4'.split(' '),
  ...'mpeg mpeg1video mpeg2video mpegts mpjpeg mulaw mxf mxf_d10 mxf_opatom null nut obu oga ogg ogv oma opus pdv psp'.split(' '),
  ...'rawvideo rcwt rm roq rso s16be s16le s24be s24le s32be s32le s8 sbc scc segment singlejpeg smjpeg sox spdif spx srt'.split(' '),
  ...'ssegment stream_segment streamhash sup svcd swf truehd tta ttml u16be u16le u24be u24le u32be u32le u8'.split(' '),
  ...'uncodedframecrc vc1 vc1test vcd vidc vob voc vvc w64 wav webm webm_chunk webm_dash_manifest webp webvtt wsaud wtv wv'.split(' '),
  ...'yuv4mpegpipe'.split(' '),
])

const INNER: Refusal = {
  why: 'opens further outputs of its own',
  instead: 'write one output argument per file, as in `-map 0 {{out_a}} -map 0 {{out_b}}`',
}
const FOLDERS: Refusal = { why: 'makes folders', instead: 'use `-f hls` or `-f dash`' }

/** Muxers that FFmpeg has and that may not be used, with the reason. */
export const REFUSED_MUXERS: ReadonlyMap<string, Refusal> = new Map([
  ...refusals('alsa audiotoolbox caca decklink fbdev libndi_newtek opengl oss pulse sdl sdl2 sndio v4l2 video4linux2 xv', DEVICE),
  ...refusals('rtp rtsp sap rtp_mpegts whip', NETWORK),
  ...refusals('tee fifo fifo_test', INNER),
  ...refusals('smoothstreaming hds', FOLDERS),
])
