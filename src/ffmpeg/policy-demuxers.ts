/** Demuxers: which formats an input may be taken for, which `-f` may name beside them, and why the rest is refused. */
import { DEVICE, NETWORK, type Refusal, refusals } from './policy-rules.ts'

/** Formats that one file holds entirely, recognised by its content: what an input without `-f` may turn out to be. */
const PROBED = [
  ...'mov mp4 m4a 3gp 3g2 mj2 matroska webm avi flv live_flv mpegts mpeg mpegvideo asf asf_o ogg mp3 wav w64 aiff flac aac'.split(' '),
  ...'ac3 ac4 eac3 dts dtshd truehd mlp loas amr amrnb amrwb au caf ape wv tta tak mpc mpc8 shn gsm voc sox dsf iff oma'.split(' '),
  ...'xwma ircam qcp nut mxf gxf dv rm ivf ivr h264 hevc vvc evc av1 obu m4v h263 h261 vc1 vc1test dirac mjpeg mpjpeg'.split(' '),
  ...'smjpeg gif apng image2 ico jpegxl_anim webp_anim fits alias_pix brender_pix dnxhd bmp_pipe cri_pipe dds_pipe'.split(' '),
  ...'dpx_pipe exr_pipe gem_pipe gif_pipe hdr_pipe j2k_pipe jpeg_pipe jpegls_pipe jpegxl_pipe jpegxs_pipe pam_pipe'.split(' '),
  ...'pbm_pipe pcx_pipe pfm_pipe pgm_pipe pgmyuv_pipe pgx_pipe phm_pipe photocd_pipe pictor_pipe png_pipe ppm_pipe'.split(' '),
  ...'psd_pipe qdraw_pipe qoi_pipe sgi_pipe sunrast_pipe svg_pipe tiff_pipe vbn_pipe webp_pipe xbm_pipe xpm_pipe xwd_pipe'.split(' '),
  ...'avs2 avs3 cavsvideo cdg cine codec2 flic srt ass webvtt microdvd mpl2 mpsub subviewer subviewer1 sami realtext'.split(' '),
  ...'jacosub lrc vplayer stl scc mcc sup vobsub tedcaptions aqtitle pjs ffmetadata yuv4mpegpipe swf wtv nsv nuv pva r3d'.split(' '),
  ...'film_cpk filmstrip roq smk bink thp vmd vivo ea adx hca brstm bfstm fsb xa iamf lc3 qoa osq rka usm libgme'.split(' '),
  ...'libopenmpt libmodplug lxf kux spdif dhav mlv ser sbc wsd pvf nistsphere'.split(' '),
]

/** Formats of one file that are named rather than recognised: raw samples, raw frames, and rarities. */
const NAMED = [
  ...'rawvideo v210 v210x bitpacked image2pipe data bin mjpeg_2000 ingenient dvbsub dvbtxt tty xbin adf idf f32be f32le'.split(' '),
  ...'f64be f64le s8 s16be s16le s24be s24le s32be s32le u8 u16be u16le u24be u24le u32be u32le alaw mulaw vidc sln g722'.split(' '),
  ...'g723_1 g726 g726le g728 g729 aptx aptx_hd codec2raw dfpwm daud bit ilbc acm act msf wve s337m mpegtsraw lmlm4 cdxl'.split(' '),
  ...'sbg webm_dash_manifest rcwt aax aa 3dostr 4xm ace adp ads aea afc aix alp anm apac apc apm apv argo_asf argo_brp'.split(' '),
  ...'argo_cvg ast avr avs bethsoftvid bfi binka bmv boa bonk c93 dcstr derf dfa dsicin dss dxa ea_cdata epaf frm fwse gdv'.split(' '),
  ...'genh hcom hnm hxvs idcin ifv ilbm imx ipmovie ipu iss iv8 jv kvag laf luodat lvf mca mgsts mm mmf mods moflex'.split(' '),
  ...'msnwctcp msp mtaf mtv musx mv mvi mxg nc nsp paf pmp pp_bnk psxstr pdv redspark rl2 rpl rsd rso scd sdns sdr2 sds'.split(' '),
  ...'sdx sga siff simbiosis_imx smush sol svag svs tiertexseq tmv txd ty vag vividas vpk vqf wady wavarc wc3movie wsaud'.split(' '),
  ...'wsvqa xmd xmv xvag yop y4m'.split(' '),
]

export const PROBED_DEMUXERS: readonly string[] = PROBED
export const NAMED_DEMUXERS: ReadonlySet<string> = new Set([...PROBED, ...NAMED])

const REFERENCES: Refusal = {
  why: 'only names other files or URLs, which are not fetched',
  instead: 'give the media files themselves as inputs; to join files use `-f concat` or the `concat` filter',
}
const DASH: Refusal = {
  why: 'only names other files, and DASH manifests cannot be inputs',
  instead: 'give the media files themselves as inputs, or an HLS playlist with its segments in input_compressed_folder',
}
const SCRIPT: Refusal = { why: 'runs a script that may open anything', instead: 'write it as a filter graph' }
const PHYSICAL: Refusal = { why: 'reads a disc or a folder of the server', instead: 'give the files of the disc as inputs' }

/** Demuxers that `-f` may not name, with the reason. `lavfi`, `concat` and `hls` have rules of their own in the policy. */
export const REFUSED_DEMUXERS: ReadonlyMap<string, Refusal> = new Map([
  ...refusals('alsa android_camera audiotoolbox avfoundation bktr decklink dshow fbdev gdigrab iec61883 jack kmsgrab', DEVICE),
  ...refusals('libdc1394 openal oss pulse sndio v4l2 video4linux2 vfwcap x11grab ndi libndi_newtek', DEVICE),
  ...refusals('dash', DASH),
  ...refusals('imf', REFERENCES),
  ...refusals('rtp rtsp sap sdp', NETWORK),
  ...refusals('avisynth vapoursynth', SCRIPT),
  ...refusals('libcdio dvdvideo', PHYSICAL),
])
