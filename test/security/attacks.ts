/**
 * Commands and inputs that try to make FFmpeg open what is not the job's own. Plain data: a test fills in what its
 * machine offers as prey, and runs each through whichever wall it tests.
 */

/** What must stay unread, unwritten and unvisited. */
export interface Prey {
  /** Absolute path of a file outside the job's folder. */
  file: string
  /** `host:port` of a local listener. */
  listener: string
  /** Absolute path of a folder outside the job's folder. */
  folder: string
}

export interface Attack {
  title: string
  /** Submitted as a chain. */
  chain: boolean
  commands: string[]
  /** Alias → file name that the input's URL ends in, and its content. `video` stands for any ordinary video. */
  inputs: Record<string, { filename: string; content: string | 'video' }>
  /** Alias → file name. */
  outputs: Record<string, string>
  /**
   * What the policy refuses, as its message quotes it. Null where the harm is inside a media file, which no policy
   * sees: there the guards on inputs must hold, or, where a filter opens the file past them, the sandbox.
   */
  token: string | null
  /** Who holds what the policy cannot see; `scripts`: the executor, which judges the texts that a command reads. */
  heldBy: 'policy' | 'guards' | 'scripts' | 'sandbox'
}

const VIDEO: Attack['inputs'] = { in_v: { filename: 'video.mp4', content: 'video' } }
/** Out of any folder that a job may have. */
const CLIMB = '../../../../../../../..'
const OUT = { out_1: 'out.mp4' }

/** Attacks that the policy refuses: one command over an ordinary video. */
function refused(title: string, command: string, token: string, outputs: Record<string, string> = OUT): Attack {
  return { title, chain: false, commands: [command], inputs: VIDEO, outputs, token, heldBy: 'policy' }
}

function refusedChain(title: string, commands: string[], token: string): Attack {
  return { title, chain: true, commands, inputs: VIDEO, outputs: OUT, token, heldBy: 'policy' }
}

/** Attacks by the content of an input, under a name that hides it. */
function inside(title: string, filename: string, content: string, options: Partial<Attack> = {}): Attack {
  const commands = ['-i {{in_v}} -c copy {{out_1}}']
  return { title, chain: false, commands, inputs: { in_v: { filename, content } }, outputs: OUT, token: null, heldBy: 'guards', ...options }
}

function playlist(url: string): string {
  return `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10,\n${url}\n#EXT-X-ENDLIST\n`
}

export function attacks({ file, listener, folder }: Prey): Attack[] {
  const http = `http://${listener}/x`
  const tcp = `tcp://${listener}`
  const escaped = file.replaceAll('/', '\\/')
  const v = '-i {{in_v}}'
  const o = '{{out_1}}'
  return [
    // Inputs by name.
    refused('absolute path', `-i ${file} ${v} ${o}`, file),
    refused('absolute path after a plain input', `${v} -i ${file} ${o}`, file),
    refused('climbing path', `${v} -i ${CLIMB}${file} -map 1 ${o}`, `${CLIMB}${file}`),
    refused('file protocol', `${v} -i file:${file} ${o}`, `file:${file}`),
    refused('file protocol with slashes', `${v} -i file://${file} ${o}`, `file://${file}`),
    refused('http input', `${v} -i ${http} ${o}`, http),
    refused('tcp input', `${v} -i ${tcp} ${o}`, tcp),
    refused('concat protocol', `${v} -i "concat:${file}|${file}" ${o}`, file),
    refused('subfile protocol', `${v} -i subfile,,start,0,end,100,,:${file} ${o}`, 'subfile'),
    refused('crypto protocol', `${v} -i crypto:${file} ${o}`, 'crypto:'),
    refused('data protocol', `${v} -i data:text/plain,x ${o}`, 'data:'),
    refused('cache over http', `${v} -i cache:${http} ${o}`, 'cache:'),
    refused('pipe', `${v} -i pipe:0 ${o}`, 'pipe:0'),
    refused('standard input', `${v} -i - ${o}`, '-'),
    refused('own environment as raw data', `${v} -f data -i /proc/self/environ -map 1 -c copy -f data ${o}`, '/proc/self/environ'),
    refused('raw data of a local file', `${v} -f data -i ${file} -map 1 -c copy -f data ${o}`, file),
    refused('raw video of a local file', `${v} -f rawvideo -s 2x2 -i ${file} ${o}`, file),
    refused('undeclared plain name', `${v} -i secret.mp4 ${o}`, 'secret.mp4'),
    refused('playlist by name', '-i {{in_v}} -i playlist.m3u8 {{out_1}}', 'playlist.m3u8'),
    refused('HLS by format', `-f hls ${v} ${o}`, 'hls'),
    refused('DASH by format', `-f dash ${v} ${o}`, 'dash'),
    refused('SDP by format', `-f sdp ${v} ${o}`, 'sdp'),
    refused('RTSP by format', `-f rtsp ${v} ${o}`, 'rtsp'),
    refused('IMF package', `-f imf ${v} ${o}`, 'imf'),
    refused('script by format', `-f avisynth ${v} ${o}`, 'avisynth'),
    refused('screen capture', `${v} -f x11grab -i :0.0 ${o}`, 'x11grab'),
    refused('camera', `${v} -f v4l2 -i /dev/video0 ${o}`, 'v4l2'),
    refused('microphone', `${v} -f alsa -i default ${o}`, 'alsa'),
    refused('sound server elsewhere', `${v} -f pulse -server ${tcp} -i x ${o}`, 'pulse'),
    refused('framebuffer', `${v} -f fbdev -i /dev/fb0 ${o}`, 'fbdev'),
    refused('graphics memory', `${v} -f kmsgrab -device /dev/dri/card0 -i - ${o}`, 'kmsgrab'),
    refused('HLS by format, in capitals', `-f HLS ${v} ${o}`, 'HLS'),
    refused('screen capture, in capitals', `${v} -f X11Grab -i :0.0 ${o}`, 'X11Grab'),
    refused('movie as a lavfi input, in capitals', `${v} -f LAVFI -i movie=${file} ${o}`, 'movie'),
    refused('unknown input format', `-f no_such_format ${v} ${o}`, 'no_such_format'),

    // ffprobe.
    refused('ffprobe of a local file', `ffprobe ${file}`, file),
    refused('ffprobe of a local file by its option', `ffprobe -show_data -show_packets -f data -i ${file}`, file),
    refused('ffprobe of a URL', `ffprobe -i ${http}`, http),
    refused('ffprobe of standard input', 'ffprobe -i -', '-'),
    refused('ffprobe of a filter that opens a file', `ffprobe -f lavfi movie=${file}`, 'lavfi'),
    refused('ffprobe of a list of files', 'ffprobe -f concat -i {{in_v}}', 'concat'),
    refused('ffprobe of a playlist by format', 'ffprobe -f hls {{in_v}}', 'hls'),
    refused('ffprobe with its own protocol whitelist', 'ffprobe -protocol_whitelist file,http {{in_v}}', '-protocol_whitelist'),
    refused('ffprobe that writes elsewhere', `ffprobe -o ${folder}/evil.json {{in_v}}`, `${folder}/evil.json`),
    refused('ffprobe that is sent elsewhere', `ffprobe {{in_v}} > ${folder}/evil.json`, `${folder}/evil.json`),
    refused(
      'ffprobe of a local file behind an option that takes another for its value',
      `ffprobe -ignore_chapters -v ${file} -ignore_chapters {{in_v}}`,
      file,
    ),
    refused('ffprobe with a report file', 'ffprobe -report {{in_v}}', '-report'),
    refused('ffprobe with a library of the server', 'ffprobe -c:v h264_omx {{in_v}}', 'h264_omx'),
    inside('ffprobe of a playlist that is called a video', 'video.mp4', playlist(http), {
      commands: ['ffprobe -v error -show_format -show_packets -show_data {{in_v}}'],
      outputs: {},
    }),
    inside('ffprobe of a playlist of a local file', 'video.mp4', playlist(`file://${file}`), {
      commands: ['ffprobe -v error -show_format -show_packets -show_data {{in_v}}'],
      outputs: {},
    }),

    // Guards.
    refused('own protocol whitelist', `-protocol_whitelist file,http,tcp ${v} ${o}`, '-protocol_whitelist'),
    refused('own format whitelist', `-format_whitelist hls,concat ${v} ${o}`, '-format_whitelist'),
    refused('own protocol blacklist', `-protocol_blacklist x ${v} ${o}`, '-protocol_blacklist'),
    refused('guard with a specifier', `-protocol_whitelist:v file,http ${v} ${o}`, '-protocol_whitelist'),
    refused('absolute references of MOV', `-use_absolute_path 1 ${v} ${o}`, '-use_absolute_path'),
    refused('data references of MOV', `-enable_drefs 1 ${v} ${o}`, '-enable_drefs'),

    // Encoders that open files of their own accord.
    refused('second pass of Xvid', `${v} -pass 2 -c:v libxvid ${o}`, 'libxvid'),
    refused('second pass of Xvid by its flag', `${v} -flags +pass2 -c:v libxvid ${o}`, 'libxvid'),
    refused('second pass of Xvid by a number', `${v} -flags 1024 -vcodec libxvid ${o}`, 'libxvid'),

    // Outputs.
    refused('absolute output', `${v} -c copy ${folder}/evil.mp4 ${o}`, `${folder}/evil.mp4`),
    refused('output over a local file', `-y ${v} -c copy -f mp4 ${file} ${o}`, file),
    refused('climbing output', `${v} ../evil.mp4 ${o}`, '../evil.mp4'),
    refused('output in another folder of the job', `${v} sub/evil.mp4 ${o}`, 'sub/evil.mp4'),
    ...['hls', 'dash', 'segment', 'ssegment', 'image2', 'webm_chunk', 'HLS'].map((format) =>
      refused(`files of ${format} beside the null device`, `${v} ${o} -c copy -f ${format} /dev/null`, '/dev/null'),
    ),
    refused('playlist in the place of the null device of Windows', `${v} ${o} -f hls NUL`, '/dev/null'),
    refused('http output', `${v} -f mpegts ${http} ${o}`, http),
    refused('tcp output', `${v} -f mpegts ${tcp} ${o}`, tcp),
    refused('rtmp output', `${v} -f flv rtmp://${listener}/live ${o}`, `rtmp://${listener}/live`),
    refused('udp output', `${v} -f mpegts udp:${listener} ${o}`, `udp:${listener}`),
    refused('output after a double dash', `${v} ${o} -- -x/../evil.mp4`, '-x/../evil.mp4'),
    refused('tee', `${v} -map 0 -c copy -f tee "${o}|[f=mpegts]${http}"`, 'tee'),
    refused('fifo', `${v} -f fifo -fifo_format mpegts ${o}`, 'fifo'),
    refused('tee inside segments', `${v} -f segment -segment_format tee ${o}`, 'tee'),
    refused('RTP', `${v} -f rtp ${o}`, 'rtp'),
    refused('screen as an output', `${v} ${o} -f sdl x`, 'sdl'),
    refused('framebuffer as an output', `${v} ${o} -f fbdev /dev/fb0`, 'fbdev'),
    refused('sound card as an output', `${v} ${o} -f alsa default`, 'alsa'),
    refused('a folder as an output', `${v} -f smoothstreaming ${o}`, 'smoothstreaming'),
    refused('standard output', `${v} ${o} -f mpegts -`, '-'),
    ...['PULSE', 'Xv', 'ALSA', 'V4L2', 'SDL', 'RTP', 'RTSP', 'SAP', 'HDS', 'muxer_of_the_future', 'sdl,sdl2'].map((format) =>
      refused(`format ${format}`, `${v} -f ${format} ${o}`, format),
    ),
    refused('sound server elsewhere as an output', `${v} -f PULSE -server ${listener} ${o}`, 'PULSE'),
    refused('display elsewhere as an output', `${v} -f XV -display_name ${listener} ${o}`, 'XV'),
    refused('tee inside segments, in capitals', `${v} -f segment -segment_format TEE ${o}`, 'TEE'),
    refused('tee inside options of segments', `${v} -f segment -segment_format_options segment_format=Tee ${o}`, 'Tee'),
    refused('null output in another case is still none', `${v} -f NULLX - ${o}`, 'NULLX'),
    refused('pipe as an output', `${v} ${o} -f mpegts pipe:3`, 'pipe:3'),

    // Options of the tool.
    refused('progress over http', `-progress ${http} ${v} ${o}`, '-progress'),
    refused('progress to a file', `-progress ${folder}/p ${v} ${o}`, '-progress'),
    refused('report', `-report ${v} ${o}`, '-report'),
    refused('report without a report', `-noreport ${v} ${o}`, '-noreport'),
    refused('report with a specifier', `-report:x ${v} ${o}`, '-report:x'),
    refused('report where FFmpeg reads a value as an option', `${v} -f null - -vtag -report ${o}`, '-report'),
    refused('report as the value behind a double dash', `${v} ${o} -- x -vtag -noreport:v ${o}`, '-noreport:v'),
    refused('report from a file, as a value', `${v} -f null - -vtag -no/report ${o}`, '-no/report'),
    refused('statistics file', `-vstats_file ${folder}/v ${v} ${o}`, `${folder}/v`),
    refused('SDP file', `${v} ${o} -sdp_file ${folder}/s`, `${folder}/s`),
    refused('graph from a file', `${v} -filter_complex_script ${file} ${o}`, '-filter_complex_script'),
    refused('filter from a file', `${v} -filter_script:v ${file} ${o}`, '-filter_script'),
    refused('any option from a file', `${v} -/filter_complex ${file} ${o}`, '-/filter_complex'),
    refused('metadata from a file', `${v} -/metadata ${file} ${o}`, '-/metadata'),
    refused('preset from a file', `${v} -fpre ${file} ${o}`, '-fpre'),
    refused('video preset by name', `${v} -vpre ../..${file} ${o}`, '-vpre'),
    refused('attachment from the disk', `${v} -attach ${file} -metadata:s:t mimetype=text/plain ${o}`, file),
    refused('attachment out to a path', `-dump_attachment:t:0 ${folder}/evil ${v} ${o}`, `${folder}/evil`),
    refused('attachment out by its tag', `-dump_attachment:t "" ${v} ${o}`, '-dump_attachment'),
    refused('pass log elsewhere', `${v} -pass 1 -passlogfile ${folder}/p ${o}`, `${folder}/p`),
    refused('encoding statistics', `${v} -stats_enc_post ${folder}/s ${o}`, `${folder}/s`),
    refused('muxing statistics', `${v} -stats_mux_pre:v ${folder}/s ${o}`, `${folder}/s`),
    refused('execution graph', `-print_graphs_file ${folder}/g ${v} ${o}`, `${folder}/g`),
    refused('hardware device by path', `-init_hw_device vaapi=x:/dev/dri/renderD128 ${v} ${o}`, 'vaapi=x:/dev/dri/renderD128'),
    refused('VAAPI device', `-vaapi_device /dev/dri/renderD128 ${v} ${o}`, '/dev/dri/renderD128'),
    refused('QSV device', `-qsv_device /dev/dri/renderD128 ${v} ${o}`, '/dev/dri/renderD128'),
    refused('decoder device', `-hwaccel vaapi -hwaccel_device /dev/dri/renderD128 ${v} ${o}`, '/dev/dri/renderD128'),
    refused('list of sources', `-sources pulse,server=${listener} ${v} ${o}`, '-sources'),
    refused('help instead of work', `-h full ${v} ${o}`, '-h'),

    // Filters.
    refused('movie', `${v} -vf "movie=${file}[x];[in][x]overlay" ${o}`, 'movie'),
    refused('movie over http', `${v} -vf "movie=${http.replaceAll(':', '\\\\:')}" ${o}`, 'movie'),
    refused('movie over an input', `${v} -vf "movie={{in_v}}[x];[in][x]overlay" ${o}`, 'movie'),
    refused('amovie', `${v} -af amovie=${file} ${o}`, 'amovie'),
    refused('movie with an escape in its name', `${v} -vf 'mo\\vie=${file}' ${o}`, 'movie'),
    refused('movie with a quote in its name', `${v} -vf "mov'ie'=${file}" ${o}`, 'movie'),
    refused('movie with an instance name', `${v} -vf movie@a=${file} ${o}`, 'movie'),
    refused('movie behind a quoted label', `${v} -filter_complex "[a'];b']movie=${file}" ${o}`, 'movie'),
    refused('movie behind scaler options', `${v} -filter_complex "sws_flags='x;movie=${file}" ${o}`, 'movie'),
    refused('movie behind a newline', `${v} -vf "scale=10:10,\n  movie=${file}" ${o}`, 'movie'),
    refused('movie as a lavfi input', `${v} -f lavfi -i movie=${file} ${o}`, 'movie'),
    refused('lavfi inside lavfi', `${v} -f lavfi -i "movie=f=lavfi:filename=amovie" ${o}`, 'movie'),
    refused('graph of a lavfi input', `${v} -f lavfi -graph movie=${file} -i x ${o}`, 'movie'),
    refused('graph file of a lavfi input', `${v} -f lavfi -graph_file ${file} -i x ${o}`, '-graph_file'),
    refused('graph option under another name', `${v} -lavfi movie=${file} ${o}`, 'movie'),
    refused('per-stream filter', `${v} -filter:v:0 movie=${file} ${o}`, 'movie'),
    refused('drawtext reading a file', `${v} -vf drawtext=textfile=${file} ${o}`, file),
    refused('drawtext reading a file, quoted', `${v} -vf "drawtext=text=x:textfile='${file}'" ${o}`, file),
    refused('drawtext reading a file, escaped', `${v} -vf 'drawtext=textfile=${escaped}' ${o}`, file),
    refused('drawtext with a local font', `${v} -vf drawtext=text=x:fontfile=${file} ${o}`, file),
    refused('drawtext with a positional font', `${v} -vf drawtext=${file}:x ${o}`, file),
    refused('text from a file', `${v} -vf drawtext=/text=${file} ${o}`, '/text'),
    refused('subtitles', `${v} -vf subtitles=${file} ${o}`, file),
    refused('subtitles over http', `${v} -vf "subtitles='${http.replaceAll(':', '\\:')}'" ${o}`, http),
    refused('subtitles with fonts elsewhere', `${v} -vf subtitles={{in_v}}:fontsdir=${folder} ${o}`, folder),
    refused('ass', `${v} -vf ass=filename=${file} ${o}`, file),
    refused('3D LUT', `${v} -vf lut3d=${file} ${o}`, file),
    refused('1D LUT', `${v} -vf lut1d=file=${file} ${o}`, file),
    refused('curves of Photoshop', `${v} -vf curves=psfile=${file} ${o}`, file),
    refused('plot of curves', `${v} -vf curves=vintage:plot=${folder}/p ${o}`, `${folder}/p`),
    refused('metadata to a file', `${v} -vf metadata=print:file=${folder}/m ${o}`, `${folder}/m`),
    refused('metadata to a URL', `${v} -vf "metadata=print:file='${http.replaceAll(':', '\\:')}'" ${o}`, http),
    refused('metadata of audio', `${v} -af ametadata=print:file=${folder}/m ${o}`, `${folder}/m`),
    refused('quality log', `${v} ${v} -lavfi psnr=${folder}/p ${o}`, `${folder}/p`),
    refused('similarity log', `${v} ${v} -lavfi ssim=f=${folder}/p ${o}`, `${folder}/p`),
    refused('VMAF log', `${v} ${v} -lavfi libvmaf=log_path=${folder}/p ${o}`, `${folder}/p`),
    refused('VMAF model', `${v} ${v} -lavfi "libvmaf=model=path=${file}" ${o}`, `path=${file}`),
    refused('stabiliser writing', `${v} -vf vidstabdetect=result=${folder}/t ${o}`, `${folder}/t`),
    refused('stabiliser reading', `${v} -vf vidstabtransform=input=${file} ${o}`, file),
    refused('logo mask', `${v} -vf removelogo=${file} ${o}`, file),
    refused('search pattern', `${v} -vf find_rect=${file} ${o}`, file),
    refused('cover picture', `${v} -vf cover_rect=cover=${file} ${o}`, file),
    refused('signature', `${v} -vf signature=filename=${folder}/s ${o}`, `${folder}/s`),
    refused('shake log', `${v} -vf deshake=filename=${folder}/s ${o}`, `${folder}/s`),
    refused('palette tree', `${v} ${v} -lavfi paletteuse=debug_kdtree=${folder}/k ${o}`, `${folder}/k`),
    refused('equaliser dump', `${v} -af firequalizer=dumpfile=${folder}/d ${o}`, `${folder}/d`),
    refused('noise model', `${v} -af arnndn=m=${file} ${o}`, file),
    refused('spatial data', `${v} -af sofalizer=${file} ${o}`, file),
    refused('field hints', `${v} -vf fieldhint=${file} ${o}`, file),
    refused('neural weights', `${v} -vf nnedi=weights=${file} ${o}`, file),
    refused('neural model', `${v} -vf dnn_processing=model=${file} ${o}`, file),
    refused('super resolution', `${v} -vf sr=model=${file} ${o}`, file),
    refused('speech text', `${v} -f lavfi -i flite=textfile=${file} ${o}`, file),
    refused('speech recognition to a URL', `${v} -af "whisper=model={{in_v}}:destination='${tcp.replaceAll(':', '\\:')}'" ${o}`, tcp),
    refused('cell pattern', `${v} -f lavfi -i cellauto=${file} ${o}`, file),
    refused('life pattern', `${v} -f lavfi -i life=filename=${file} ${o}`, file),
    refused('OpenCL source', `${v} -f lavfi -i openclsrc=source=${file} ${o}`, file),
    refused('shader', `${v} -vf libplacebo=custom_shader_path=${file} ${o}`, file),
    refused('axis picture', `${v} -filter_complex showcqt=s=64x36:r=10:axisfile=${file} ${o}`, file),
    refused('LADSPA plugin', `${v} -af ladspa=file=${file} ${o}`, 'ladspa'),
    refused('LV2 plugin', `${v} -af lv2=p=http ${o}`, 'lv2'),
    refused('frei0r plugin', `${v} -vf frei0r=../../../tmp/x ${o}`, 'frei0r'),
    refused('frei0r source', `${v} -f lavfi -i frei0r_src=1x1:1:x ${o}`, 'frei0r_src'),
    refused('zmq', `${v} -vf zmq=bind_address=tcp\\\\://*\\\\:5555 ${o}`, 'zmq'),
    refused('azmq', `${v} -af azmq ${o}`, 'azmq'),
    refused('commands from a file', `${v} -vf sendcmd=f=${file} ${o}`, 'sendcmd'),
    refused('commands that re-initialise', `${v} -vf "sendcmd=c='0 drawtext reinit textfile=${file}',drawtext=text=x" ${o}`, file),
    refused(
      'commands behind another',
      `${v} -vf "sendcmd=c='0 a b c, [enter] drawtext@x reinit text=a\\:textfile=${file}',drawtext=text=x" ${o}`,
      file,
    ),
    refused('commands that change a model', `${v} -af "asendcmd=c='1 arnndn model ${file}',arnndn=m={{in_v}}" ${o}`, file),
    refused('an unknown filter with a path', `${v} -vf filter_of_the_future=x=1:source=${file} ${o}`, file),

    // Muxers and encoders.
    refused('HLS segments elsewhere', `${v} -f hls -hls_segment_filename ${folder}/s%d.ts ${o}`, `${folder}/s%d.ts`, { out_1: 'o.m3u8' }),
    refused('HLS segments to a URL', `${v} -f hls -hls_segment_filename ${http}%d ${o}`, `${http}%d`, { out_1: 'o.m3u8' }),
    refused('HLS key information', `${v} -f hls -hls_key_info_file ${file} ${o}`, '-hls_key_info_file', { out_1: 'o.m3u8' }),
    refused('HLS key written to a URL', `${v} -f hls -hls_enc 1 -hls_enc_key_url ${folder}/k ${o}`, `${folder}/k`, { out_1: 'o.m3u8' }),
    refused('HLS variants with a path for a name', `${v} -f hls -var_stream_map "v:0,name:../x" o%v.m3u8 ${o}`, '-var_stream_map'),
    ...['.script-0-0-c.txt', '', ',agroup:a', ' a:0'].map((name) =>
      refused(
        `HLS variants that are called "${name}", so that a hidden file is written`,
        `${v} -f hls -var_stream_map "v:0,name:${name}" %v.script-0-0-c.txt ${o}`,
        '-var_stream_map',
      ),
    ),
    refused('HLS making folders', `${v} -f hls -strftime 1 -strftime_mkdir 1 ${o}`, '-strftime_mkdir', { out_1: 'o.m3u8' }),
    refused('HLS master playlist elsewhere', `${v} -f hls -master_pl_name ../m ${o}`, '../m', { out_1: 'o.m3u8' }),
    refused('HLS initialisation elsewhere', `${v} -f hls -hls_fmp4_init_filename ../i ${o}`, '../i', { out_1: 'o.m3u8' }),
    refused('DASH segments elsewhere', `${v} -f dash -media_seg_name ../s ${o}`, '../s', { out_1: 'o.mpd' }),
    refused('segment list elsewhere', `${v} -f segment -segment_list ${folder}/l ${o}`, `${folder}/l`),
    refused('segment header elsewhere', `${v} -f segment -segment_header_filename ${folder}/h ${o}`, `${folder}/h`),
    refused(
      'inner options of segments',
      `${v} -f segment -segment_format hls -segment_format_options hls_segment_filename=${folder}/x ${o}`,
      `${folder}/x`,
    ),
    refused(
      'inner options with an escaped key',
      `${v} -f segment -segment_format_options 'hls_segment_file\\name=${folder}/x' ${o}`,
      `${folder}/x`,
    ),
    refused('x264 statistics', `${v} -c:v libx264 -x264-params pass=1:stats=${folder}/s ${o}`, `${folder}/s`),
    refused('x264 statistics, old style', `${v} -c:v libx264 -x264opts "a='b:stats=${folder}/s" ${o}`, `${folder}/s`),
    refused('x264 statistics as an option', `${v} -c:v libx264 -astats ${folder}/s ${o}`, `${folder}/s`),
    refused('x264 matrix', `${v} -c:v libx264 -x264-params cqmfile=${file} ${o}`, file),
    refused('x264 dump', `${v} -c:v libx264 -x264-params dump_yuv=${folder}/d ${o}`, `${folder}/d`),
    refused('x264 option with a prefix', `${v} -c:v libx264 -vx264-params stats=${folder}/s ${o}`, `${folder}/s`),
    refused('x265 log', `${v} -c:v libx265 -x265-params csv=${folder}/c ${o}`, `${folder}/c`),
    refused('x265 analysis', `${v} -c:v libx265 -x265-params analysis-save=${folder}/a ${o}`, `${folder}/a`),
    refused('x265 scaling list', `${v} -c:v libx265 -x265-params scaling-list=${file} ${o}`, file),
    refused('x265 zones', `${v} -c:v libx265 -x265-params zonefile=${file} ${o}`, file),
    refused('SVT-AV1 grain table', `${v} -c:v libsvtav1 -svtav1-params fgs-table=${file} ${o}`, file),
    refused('AOM grain table', `${v} -c:v libaom-av1 -aom-params film-grain-table=${file} ${o}`, file),
    refused('unknown encoder parameter with a path', `${v} -c:v libx264 -x264-params future=${file} ${o}`, file),
    refused('OpenMAX library', `${v} -c:v h264_omx -omx_libname ${file} ${o}`, '-omx_libname'),
    refused('encoder that opens a device', `${v} -c:v h264_v4l2m2m ${o}`, 'h264_v4l2m2m'),
    refused('palette file', `-ifo_palette ${file} ${v} ${o}`, file),
    refused('subtitle sibling', `-sub_name ${file} ${v} ${o}`, file),
    refused('asset maps', `-assetmaps ${file} ${v} ${o}`, '-assetmaps'),
    refused('an unknown option with a path', `${v} -option_of_the_future ${file} ${o}`, file),

    // Chains.
    refusedChain('absolute path in a later step', [`${v} a.mp4`, `-i a.mp4 -i ${file} ${o}`], file),
    refusedChain('climbing out of the working directory', [`${v} a.mp4`, `-i ../x/a.mp4 ${o}`], '../x/a.mp4'),
    refusedChain('hidden file', [`${v} a.mp4`, `-i .env ${o}`], '.env'),
    refusedChain('concat protocol in a chain', [`${v} a.ts`, `-i "concat:a.ts|${file}" ${o}`], file),
    refusedChain('pattern in another folder', [`${v} a.mp4`, `-pattern_type glob -i '${folder}/*' ${o}`], `${folder}/*`),
    refusedChain('URL in a later step', [`${v} a.mp4`, `-i a.mp4 ${o} -f mpegts ${http}`], http),

    // Inside media.
    inside('HLS playlist named .mp4, local file', 'video.mp4', playlist(file)),
    inside('HLS playlist named .mp4, file URL', 'video.mp4', playlist(`file://${file}`)),
    inside('HLS playlist named .ts, http', 'video.ts', playlist(`${http}.ts`)),
    inside('HLS playlist with concat protocol', 'video.mp4', playlist(`concat:${file}|${file}`)),
    inside('HLS playlist under its own name', 'video.m3u8', playlist(file), { token: 'in_v.m3u8', heldBy: 'policy' }),
    inside('HLS playlist to http with a whitelist', 'video.m3u8', playlist(`${http}.ts`), {
      commands: ['-protocol_whitelist file,http,tcp -i {{in_v}} -c copy {{out_1}}'],
      token: '-protocol_whitelist',
      heldBy: 'policy',
    }),
    inside('HLS playlist named .hls', 'video.hls', playlist(file)),
    inside('HLS playlist named .hls to http with a whitelist', 'video.hls', playlist(`${http}.ts`), {
      commands: ['-protocol_whitelist file,http,tcp -i {{in_v}} -c copy {{out_1}}'],
      token: '-protocol_whitelist',
      heldBy: 'policy',
    }),
    inside('HLS playlist by its format', 'video.mp4', playlist(file), {
      commands: ['-f hls -i {{in_v}} -c copy {{out_1}}'],
      token: 'in_v.mp4',
      heldBy: 'policy',
    }),
    inside('HLS master playlist to http', 'video.mp4', `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n${http}.m3u8\n`),
    inside('HLS key over http', 'video.mp4', playlist('x.ts').replace('#EXTINF', `#EXT-X-KEY:METHOD=AES-128,URI="${http}"\n#EXTINF`)),
    inside('ffconcat named .mp4', 'video.mp4', `ffconcat version 1.0\nfile '${file}'\n`),
    inside('ffconcat with a URL', 'video.mkv', `ffconcat version 1.0\nfile '${http}'\n`),
    inside('list for concat with an absolute path', 'list.txt', `file '${file}'\n`, {
      commands: ['-f concat -safe 0 -i {{in_v}} -c copy {{out_1}}'],
    }),
    inside('list for concat in capitals', 'list.txt', `file '${file}'\n`, {
      commands: ['-f Concat -safe 0 -i {{in_v}} -c copy {{out_1}}'],
    }),
    inside('list for concat with options', 'list.txt', `ffconcat version 1.0\nfile 'in_v.txt'\noption protocol_whitelist file,http\n`, {
      commands: ['-f concat -safe 0 -i {{in_v}} -c copy {{out_1}}'],
    }),
    ...[
      'file:',
      'concat:',
      'subfile,,start,0,end,0,,:',
      'crypto:',
      'data:text/plain,',
      '../../../../../../../..',
      'in_v.txt/../../../../../../..',
    ].map((prefix) =>
      inside(`list for concat with a name after ${prefix}`, 'list.txt', `file '${prefix}${file}'\n`, {
        commands: ['-f concat -safe 0 -i {{in_v}} -c copy {{out_1}}'],
      }),
    ),
    inside('list for concat with a URL', 'list.txt', `file '${http}'\n`, { commands: ['-f concat -safe 0 -i {{in_v}} -c copy {{out_1}}'] }),
    inside('list for concat by its extension', 'list.ffconcat', `ffconcat version 1.0\nfile '${file}'\n`),
    inside('list for concat with an absolute path behind a carriage return', 'list.txt', `#\rfile '${file}'\n`, {
      commands: ['-f concat -safe 0 -i {{in_v}} -c copy {{out_1}}'],
    }),
    inside('list for concat that is read as UTF-16', 'list.txt', `\ufeff\0file '${file}'\n`, {
      commands: ['-f concat -safe 0 -i {{in_v}} -c copy {{out_1}}'],
    }),
    ...[
      `movie=${file}`,
      `amovie=${file}`,
      `drawtext=textfile=${file}`,
      `sendcmd=f=${file}`,
      `null,mo\\vie=${file}`,
      `sws_flags='x;movie=${file}`,
      `\ufeffmovie=${file}`,
      `subtitles=${escaped}`,
    ].map((graph, index) =>
      inside(`graph from a file that opens another, ${index + 1}`, 'graph.txt', graph, {
        commands: ['-f lavfi -i color=s=64x64:d=0.2 -filter_complex_script {{in_v}} {{out_1}}'],
        heldBy: 'scripts',
      }),
    ),
    inside('run-time commands from a file', 'commands.txt', `0 drawtext reinit textfile=${file};`, {
      commands: ['-f lavfi -i color=s=64x64:d=0.2 -vf sendcmd=f={{in_v}},drawtext=text=x {{out_1}}'],
      heldBy: 'scripts',
    }),
    inside('HLS key information that names a file', 'keys.txt', `k\n${file}\n`, {
      commands: ['-f lavfi -i color=s=64x64:d=0.2 -f hls -hls_key_info_file {{in_v}} {{out_1}}'],
      outputs: { out_1: 'o.m3u8' },
      heldBy: 'scripts',
    }),
    refused('attachment in the place of a segment', `-dump_attachment:t:0 a.ts ${v} -f hls -i index.m3u8 ${o}`, '-dump_attachment'),
    refused('tee to a local file', `${v} -f tee "{{out_1}}|${folder}/t.mp4"`, `${folder}/t.mp4`),
    refused('tee over tcp', `${v} -f tee "[f=mpegts]${tcp}|{{out_1}}"`, tcp),
    refused('tee into a tee', `${v} -f tee "[f=tee]{{out_1}}"`, 'tee'),
    refused('tee with an escaped bar', `${v} -f tee "{{out_1}}\\|${folder}/t.mp4"`, `${folder}/t.mp4`),
    refused('tee with segments elsewhere', `${v} -f tee "[f=hls:hls_segment_filename=${folder}/s%d.ts]{{out_1}}"`, `${folder}/s%d.ts`),
    refused('tee with a key info file', `${v} -f tee "[f=hls:hls_key_info_file=${file}]{{out_1}}"`, 'hls_key_info_file'),
    refused('tee with options of a queue', `${v} -f tee "[f=mp4:use_fifo=1:fifo_options=fifo_format=tee]{{out_1}}"`, 'tee'),
    inside('DASH manifest named .mp4', 'video.mp4', dashManifest(`${http}.mp4`)),
    inside(
      'SDP named .mp4',
      'video.mp4',
      `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n`,
    ),
    inside('playlist as subtitles', 'subs.srt', playlist(file), {
      commands: ['-f lavfi -i color=s=64x64:d=0.2 -vf subtitles={{in_v}} {{out_1}}'],
      heldBy: 'sandbox',
    }),
  ]
}

function dashManifest(url: string): string {
  return `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet mimeType="video/mp4"><Representation id="0" bandwidth="1" codecs="avc1.64001f" width="16" height="16"><BaseURL>${url}</BaseURL></Representation></AdaptationSet></Period></MPD>`
}
