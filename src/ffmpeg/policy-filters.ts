/**
 * What FFmpeg's filters open, from `ffmpeg -h filter=NAME` and the sources of releases 4 to 8.
 * A filter that is not here opens nothing; values that look like a path or URL are refused in any filter all the same.
 */
import { FOLDER, matching, READ, type Rule, reads, SCRIPT, TEXT, WRITE } from './policy-rules.ts'

export interface FilterRules {
  options: Readonly<Record<string, Rule>>
  /** Names of the first options, in the order in which bare values go to them, as far as a guarded one is among them. */
  positional: readonly string[]
}

export type FilterRule = FilterRules | { refused: { why: string; instead: string } }

const SIMPLE_MODEL = matching(/^(?!.*path\s*=)[^/]*$/s, 'name a built-in model, as in `model=version=vmaf_v0.6.1`')
const SEND_COMMANDS: FilterRules = {
  positional: ['commands', 'filename'],
  options: {
    commands: { kind: 'commands' },
    c: { kind: 'commands' },
    filename: SCRIPT,
    f: SCRIPT,
  },
}
const STATS: FilterRules = { positional: ['stats_file'], options: { stats_file: WRITE, f: WRITE } }
const METADATA: FilterRules = {
  positional: ['mode', 'key', 'value', 'function', 'expr', 'file'],
  options: { file: WRITE, value: TEXT },
}
const SUBTITLE_FILE = reads('subtitles={{in_subtitles}}')
const SUBTITLES: FilterRules = {
  positional: ['filename', 'original_size', 'fontsdir'],
  options: { filename: SUBTITLE_FILE, f: SUBTITLE_FILE, fontsdir: FOLDER, force_style: TEXT },
}
const NEURAL: FilterRules = {
  positional: ['dnn_backend', 'model', 'input', 'output'],
  options: { model: READ, labels: READ },
}
const OPENCL_SOURCE: FilterRules = { positional: ['source'], options: { source: READ } }
const LIBVMAF: FilterRules = {
  positional: ['model'],
  options: { model: SIMPLE_MODEL, model_path: READ, log_path: WRITE },
}

const FONT: Rule = {
  ...{ kind: 'file', access: 'read', example: 'fontfile={{in_font}}' },
  hint: 'or name an installed font by its family, as in `font=DejaVu Sans`',
}
const RNN_MODEL = reads('arnndn=m={{in_model}}')
const LUT = reads('lut3d={{in_lut}}')
const OWN_INPUT = 'give the file as one more `-i {{in_…}}` and use its pad, such as `[1:v]`, in the graph'
const MOVIE: FilterRule = { refused: { why: 'opens a file or URL by itself, past the guards on inputs', instead: OWN_INPUT } }
const PLUGIN: FilterRule = { refused: { why: "loads a plugin from the server's disk", instead: "use one of FFmpeg's own filters" } }
const SOCKET: FilterRule = { refused: { why: 'opens a network socket', instead: 'write the commands into a `sendcmd=c=…` filter' } }
const SCREEN: FilterRule = { refused: { why: "captures the server's screen", instead: OWN_INPUT } }

export const FILTERS: ReadonlyMap<string, FilterRule> = new Map<string, FilterRule>([
  ['movie', MOVIE],
  ['amovie', MOVIE],
  ['ladspa', PLUGIN],
  ['lv2', PLUGIN],
  ['frei0r', PLUGIN],
  ['frei0r_src', PLUGIN],
  ['ocv', PLUGIN],
  ['zmq', SOCKET],
  ['azmq', SOCKET],
  ['ddagrab', SCREEN],
  ['gfxcapture', SCREEN],
  ['sendcmd', SEND_COMMANDS],
  ['asendcmd', SEND_COMMANDS],
  ['psnr', STATS],
  ['ssim', STATS],
  ['ssim360', STATS],
  ['xpsnr', STATS],
  ['vmafmotion', STATS],
  ['libvmaf', LIBVMAF],
  ['libvmaf_cuda', LIBVMAF],
  ['metadata', METADATA],
  ['ametadata', METADATA],
  ['subtitles', SUBTITLES],
  ['ass', SUBTITLES],
  [
    'drawtext',
    {
      positional: ['fontfile', 'text', 'textfile'],
      options: { fontfile: FONT, textfile: reads('textfile={{in_text}}'), text: TEXT },
    },
  ],
  ['lut3d', { positional: ['file'], options: { file: LUT } }],
  ['lut1d', { positional: ['file'], options: { file: READ } }],
  ['curves', { positional: ['preset', 'master', 'red', 'green', 'blue', 'all', 'psfile', 'plot'], options: { psfile: READ, plot: WRITE } }],
  [
    'selectivecolor',
    {
      positional: [
        ...['correction_method', 'reds', 'yellows', 'greens', 'cyans', 'blues', 'magentas', 'whites', 'neutrals', 'blacks'],
        'psfile',
      ],
      options: { psfile: READ },
    },
  ],
  [
    'paletteuse',
    {
      // The sixth is `use_alpha` in FFmpeg 5 and 6, which has to be named therefore.
      positional: ['dither', 'bayer_scale', 'diff_mode', 'new', 'alpha_threshold', 'debug_kdtree', 'debug_kdtree'],
      options: { debug_kdtree: WRITE },
    },
  ],
  ['arnndn', { positional: ['model'], options: { model: RNN_MODEL, m: RNN_MODEL } }],
  ['sofalizer', { positional: ['sofa'], options: { sofa: READ } }],
  [
    'firequalizer',
    {
      positional: ['gain', 'gain_entry', 'delay', 'accuracy', 'wfunc', 'fixed', 'multi', 'zero_phase', 'scale', 'dumpfile'],
      options: { dumpfile: WRITE },
    },
  ],
  ['flite', { positional: ['list_voices', 'nb_samples', 'text', 'textfile'], options: { text: TEXT, textfile: READ } }],
  [
    'asr',
    {
      positional: ['rate', 'hmm', 'dict', 'lm', 'lmctl', 'lmname', 'logfn'],
      options: { hmm: FOLDER, dict: READ, lm: READ, lmctl: READ, logfn: WRITE },
    },
  ],
  [
    'whisper',
    {
      positional: ['model', 'language', 'queue', 'use_gpu', 'gpu_device', 'destination', 'format', 'vad_model'],
      options: { model: READ, vad_model: READ, destination: WRITE },
    },
  ],
  ['dnn_processing', NEURAL],
  ['dnn_detect', NEURAL],
  ['dnn_classify', NEURAL],
  ['derain', { positional: ['filter_type', 'dnn_backend', 'model'], options: { model: READ } }],
  ['sr', { positional: ['dnn_backend', 'scale_factor', 'model'], options: { model: READ } }],
  [
    'deshake',
    {
      positional: ['x', 'y', 'w', 'h', 'rx', 'ry', 'edge', 'blocksize', 'contrast', 'search', 'filename'],
      options: { filename: WRITE },
    },
  ],
  ['vidstabdetect', { positional: ['result'], options: { result: WRITE } }],
  ['vidstabtransform', { positional: ['input'], options: { input: READ } }],
  ['removelogo', { positional: ['filename'], options: { filename: READ, f: READ } }],
  ['find_rect', { positional: ['object'], options: { object: READ } }],
  ['cover_rect', { positional: ['cover'], options: { cover: READ } }],
  ['fieldhint', { positional: ['hint'], options: { hint: READ } }],
  ['fsync', { positional: ['file'], options: { file: READ, f: READ } }],
  ['nnedi', { positional: ['weights'], options: { weights: READ } }],
  ['signature', { positional: ['detectmode', 'nb_inputs', 'filename'], options: { filename: WRITE } }],
  ['cellauto', { positional: ['filename', 'pattern'], options: { filename: READ, f: READ, pattern: TEXT, p: TEXT } }],
  ['life', { positional: ['filename'], options: { filename: READ, f: READ } }],
  ['showcqt', { positional: [], options: { fontfile: FONT, axisfile: READ } }],
  ['lensfun', { positional: ['make', 'model'], options: { db_path: READ, make: TEXT, model: TEXT, lens_model: TEXT } }],
  ['ocr', { positional: ['datapath'], options: { datapath: FOLDER } }],
  ['qrencode', { positional: [], options: { text: TEXT, textfile: READ, fontfile: FONT } }],
  ['qrencodesrc', { positional: [], options: { text: TEXT, textfile: READ, fontfile: FONT } }],
  ['drawvg', { positional: ['script', 'file'], options: { script: TEXT, s: TEXT, file: READ } }],
  [
    'libplacebo',
    {
      positional: [],
      options: { custom_shader_path: READ, lut: READ, shader_cache: WRITE, extra_opts: { kind: 'options' } },
    },
  ],
  ['program_opencl', OPENCL_SOURCE],
  ['openclsrc', OPENCL_SOURCE],
  ['xfade_opencl', { positional: ['transition', 'source'], options: { source: READ } }],
])
