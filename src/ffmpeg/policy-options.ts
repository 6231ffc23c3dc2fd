/**
 * What FFmpeg's command-line options open, from `ffmpeg -h full` and the sources of releases 4 to 8: the tool's own
 * options and those of demuxers, muxers and codecs alike. An option that is not here opens nothing; a value that
 * looks like a path or URL is refused in any option all the same.
 */
import { DEVICE, FOLDER, matching, PART, READ, type Refusal, type Rule, refused, SCRIPT, TEXT, WRITE } from './policy-rules.ts'

const GUARD = refused('is set by the service for every input', 'leave it out')
const LAVFI_GRAPH_FILE = refused('reads the graph of an input from a file', 'write the graph itself, as in `-f lavfi -i color`')
const PRESET_FILE = refused('reads options from a file, unseen', 'write the options into the command; `-preset` is free to use')
const PROGRESS = refused('is set by the service', "leave it out; the command's status shows its progress")
const FETCHING = refused(
  'has no effect, since inputs are fetched by the service before FFmpeg starts',
  'leave it out; where a URL needs a header, give a signed URL that needs none, or upload the file first',
)
/** Options of protocols by which FFmpeg would fetch or send; with files alone it refuses them as unknown, or never asks. */
const FETCHING_OPTIONS =
  'headers user_agent http_user_agent referer cookies timeout rw_timeout stimeout reconnect reconnect_at_eof reconnect_streamed ' +
  'reconnect_on_network_error reconnect_on_http_error reconnect_delay_max reconnect_max_retries reconnect_delay_total_max ' +
  'http_proxy http_version http_seekable multiple_requests auth_type post_data tls_verify ca_file ' +
  'cert_file key_file rtsp_transport rtsp_flags listen listen_timeout send_expect_100'
const LIBRARY = refused("loads a library from the server's disk", 'leave it out')
const ABSOLUTE_REFERENCES = matching(/^(0|false|no|disable)$/i, 'leave it out: files that a media file refers to are not opened')
const DEVICE_NUMBER = matching(/^[A-Za-z0-9_]*$/, 'name the device by its number or by the name given to `-init_hw_device`')
const NO_FOLDERS = matching(/^(0|false|no|disable)$/i, 'leave it out: outputs are plain files without folders')
const SIXTEEN_BYTES = 'give 16 characters, which FFmpeg takes as they are, not as hexadecimal digits'
const INNER_OPTIONS: Rule = { kind: 'options' }
const GRAPH: Rule = { kind: 'graph' }
const ENCODER_PARAMS: Rule = { kind: 'encoder-params' }
const MUXER: Rule = { kind: 'muxer' }
const CODEC: Rule = { kind: 'codec' }

function all(names: string, rule: Rule): [string, Rule][] {
  return names.split(' ').map((name) => [name, rule])
}

export const OPTIONS: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  // Guards, and what belongs to the run as a whole.
  ...all('protocol_whitelist protocol_blacklist format_whitelist', GUARD),
  ...all('progress', PROGRESS),
  ...all(FETCHING_OPTIONS, FETCHING),

  // Releases disagree on whether these take a value, so what follows one of them has no certain meaning.
  ...all('autorotate autoscale', refused('is on by default', 'leave it out, or turn it off with `-noautorotate` or `-noautoscale`')),
  ...all('deinterlace intra psnr', refused('is gone from FFmpeg', 'use the filters `yadif` and `psnr`, or `-g 1`')),

  // Filter graphs.
  ...all('vf af filter filter_complex lavfi graph', GRAPH),
  ...all('filter_script filter_complex_script', SCRIPT),
  ...all('graph_file', LAVFI_GRAPH_FILE),

  // Files that the tool itself opens.
  ...all('pre vpre apre spre fpre', PRESET_FILE),
  ...all('attach', READ),
  ...all('dump_attachment vstats_file sdp_file passlogfile stats print_graphs_file', WRITE),
  ...all('stats_enc_pre stats_enc_post stats_mux_pre', WRITE),
  ...all('sources sinks', refused('asks a device of the server', 'leave it out')),

  // Hardware: numbered devices, never a path or a display.
  ...all('hwaccel_device filter_hw_device qsv_device gpu', DEVICE_NUMBER),
  ...all('vaapi_device device', matching(/^[0-9]*$/, 'leave the choice of the device to the server')),
  [
    'init_hw_device',
    matching(/^[a-z0-9]+(=[A-Za-z0-9_]+)?([:@][A-Za-z0-9_.]*)?$/, 'name type and number of the device, as in `-init_hw_device cuda=gpu:0`'),
  ],

  // Demuxers.
  ...all('sub_name ifo_palette', READ),
  ...all('assetmaps', refused('reads files that a package names', 'give the media files themselves as inputs')),
  ...all('use_absolute_path enable_drefs', ABSOLUTE_REFERENCES),
  ...all('allowed_extensions allowed_segment_extensions', TEXT),

  // Muxers: files beside the output.
  ...all('hls_segment_filename hls_fmp4_init_filename hls_subtitle_path master_pl_name hls_master_name', PART),
  ...all('segment_list segment_header_filename init_seg_name media_seg_name single_file_name header', PART),
  ['hls_key_info_file', SCRIPT],
  // FFmpeg copies 16 bytes of each, whatever there is (`do_encrypt` in libavformat/hlsenc.c).
  ...all('hls_enc_key hls_enc_iv', matching(/^[\x20-\x7e]{16,}$/, SIXTEEN_BYTES)),
  ['hls_enc_key_url', PART],
  // A name may also begin a file's, and be all of it: no hidden file is made by one that is empty or begins with a dot.
  ['var_stream_map', matching(/^(?!.*(?:\.\.|name:(?:[.,\s]|$)))[^/\\]*$/s, 'give variants plain names: they become file names')],
  ['cc_stream_map', TEXT],
  ...all('strftime_mkdir use_localtime_mkdir', NO_FOLDERS),
  ['segment_format', MUXER],
  ['fifo_format', MUXER],
  ...all(
    'hls_ts_options hls_vtt_options hls_segment_options segment_format_options format_options format_opts seg_format_options',
    INNER_OPTIONS,
  ),
  ...all('fifo_options mpegts_muxer_options rtp_muxer_options protocol_opts http_opts', INNER_OPTIONS),

  // Codecs.
  ...all('c codec vcodec acodec scodec dcodec', CODEC),
  ...all('x264-params x264opts x265-params svtav1-params aom-params rav1e-params kvazaar-params', ENCODER_PARAMS),
  ...all('vvenc-params xeve-params oapv-params xavs2-params ts-parameters', ENCODER_PARAMS),
  ...all('omx_libname omx_libprefix load_plugins load_plugin', LIBRARY),
  ...all('fontsdir', FOLDER),

  // Text that is written into the output or sent by a protocol that never runs.
  ...all('metadata program stream_group timestamp service_provider service_name', TEXT),
  ...all('hls_base_url segment_list_entry_prefix utc_timing_url window_title name cname brand vendor', TEXT),
  ...all('stats_enc_pre_fmt stats_enc_post_fmt stats_mux_pre_fmt', TEXT),
])

/** What is known of an option. FFmpeg also takes a codec's option with a leading `v`, `a` or `s`, so `-astats` is the encoder's `-stats`. */
export function ruleFor(name: string): Rule | undefined {
  return OPTIONS.get(name) ?? (/^[vas]/.test(name) ? OPTIONS.get(name.slice(1)) : undefined)
}

/** Whether an option is about how the file that it stands before is opened. */
export function isForFetching(name: string): boolean {
  return isOnlyForFetching(name) || ruleFor(name) === GUARD
}

/** Whether an option matters to nothing but what FFmpeg itself would fetch or send. */
export function isOnlyForFetching(name: string): boolean {
  return ruleFor(name) === FETCHING
}

/**
 * Keys of encoder parameters (`-x265-params key=value`) that name a file, by the libraries' own documentation.
 * Dashes and underscores are alike to them.
 */
export const ENCODER_FILE_KEYS: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...all('stats csv csv-log dump-yuv recon analysis-save analysis-reuse-file output log-file logfile', WRITE),
  ...all('rcstatsfile summaryoutfilename stats-file-prefix errlog stat-report', WRITE),
  ...all('cqmfile qpfile scaling-list lambda-file analysis-load zonefile dolby-vision-rpu dhdr10-info input', READ),
  ...all('film-grain fgs-table film-grain-table vmaf-model-path partition-info-path rate-distribution-info', READ),
  ...all('scenecut-qp-config nalu-file roi roi-map-file pred-struct-file two-pass-output opencl-clbin', READ),
  ...all('rate-map mv-file frame-level-rd', READ),
])

/** Encoders and decoders that open a device or load a library by being named. */
export const REFUSED_CODECS: ReadonlyMap<RegExp, Refusal> = new Map([
  [/_v4l2m2m$/, DEVICE],
  [/_omx$/, { why: "loads a library from the server's disk", instead: 'use a software encoder such as `libx264`' }],
])
