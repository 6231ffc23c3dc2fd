/**
 * Commands as people write them for FFmpeg, of which the policy refuses none and all run.
 * `{{in_NAME}}` is the sample file of that name (`sample-media.ts`), `{{out_N}}` the Nth of the entry's output files.
 */
export interface CorpusEntry {
  category: string
  /** Submitted as a chain: later commands may use what earlier ones leave in the working directory. */
  chain: boolean
  commands: string[]
  /** File names of `out_1`, `out_2` … */
  outputs: string[]
}

type Row = [command: string | string[], ...outputs: string[]]

function category(name: string, rows: Row[]): CorpusEntry[] {
  return rows.map(([commands, ...outputs]) => ({ category: name, chain: Array.isArray(commands), commands: [commands].flat(), outputs }))
}

export const CORPUS: readonly CorpusEntry[] = [
  ...category('transcode', [
    ['ffmpeg -i {{in_video}} -c:v libvpx-vp9 -b:v 200k -c:a libopus {{out_1}}', 'out.webm'],
    ['-i {{in_video}} -c:v libx264 -preset ultrafast -crf 23 -c:a aac -b:a 128k -movflags +faststart {{out_1}}', 'out.mp4'],
    ['-y -hide_banner -loglevel error -i {{in_video}} {{out_1}}', 'out.avi'],
    ['-i {{in_webm}} -c:v libx264 -preset veryfast -pix_fmt yuv420p {{out_1}}', 'out.mp4'],
    ['-i {{in_mkv}} -c copy {{out_1}}', 'out.mp4'],
    ['-i {{in_mov}} -map 0 -c copy {{out_1}}', 'out.mkv'],
    ['-i {{in_video}} -c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=30 -tag:v hvc1 {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -c:v libx264 -preset ultrafast -x264-params keyint=30:min-keyint=30:scenecut=0 {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -c:v libx264 -preset ultrafast -x264-params "sar=1/1:fps=10/1:zones=0,4,q=20/5,9,q=30" {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -c:v libx264 -x264opts nal-hrd=cbr:force-cfr=1 -b:v 200k -maxrate 200k -bufsize 400k {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -c:v mpeg4 -q:v 5 -c:a libmp3lame {{out_1}}', 'out.avi'],
    ['-i {{in_video}} -c:v prores_ks -profile:v 3 -c:a pcm_s16le {{out_1}}', 'out.mov'],
    ['-i {{in_video}} -c:v mjpeg -q:v 3 -an {{out_1}}', 'out.avi'],
    ['-i {{in_video}} -c:v libtheora -q:v 5 -c:a libvorbis {{out_1}}', 'out.ogv'],
    ['-i {{in_video}} -c:v libsvtav1 -preset 12 -svtav1-params tune=0:keyint=10 -an {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -c:v flv1 -ar 44100 {{out_1}}', 'out.flv'],
    ['-i {{in_video}} -c:v ffv1 -level 3 -c:a flac {{out_1}}', 'out.mkv'],
    ['-i {{in_video}} -target pal-vcd {{out_1}}', 'out.mpg'],
    ['-i {{in_video}} -c:v libx264 -preset ultrafast -f mpegts {{out_1}}', 'out.ts'],
    ['-i {{in_video}} -vcodec libx264 -acodec aac -strict -2 -preset ultrafast -threads 2 {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -c:v libx264 -profile:v baseline -level 3.0 -preset ultrafast -pix_fmt yuv420p -g 20 {{out_1}}', 'out.mp4'],
    ['-fflags +genpts -i {{in_avi}} -c:v libx264 -preset ultrafast {{out_1}}', 'out.mp4'],
    ['-analyzeduration 10M -probesize 10M -i {{in_ts}} -c copy -bsf:a aac_adtstoasc {{out_1}}', 'out.mp4'],
    ['-hwaccel auto -i {{in_video}} -c:v libx264 -preset ultrafast {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -c copy -metadata title="My film: part 1/2" -metadata comment="see http://example.com/a" {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -c copy -map_metadata -1 -fflags +bitexact {{out_1}}', 'out.mp4'],
    ["-i {{in_video}} -c copy -metadata:s:a:0 language=eng -metadata:s:v:0 handler_name='Video /main' {{out_1}}", 'out.mkv'],
    ['-i {{in_video}} -c:v copy -an {{out_1}} -c:a copy -vn {{out_2}}', 'silent.mp4', 'sound.m4a'],
    [
      '-i {{in_video}} -s 80x60 -c:v libx264 -preset ultrafast {{out_1}} -s 40x30 -c:v libx264 -preset ultrafast {{out_2}}',
      'a.mp4',
      'b.mp4',
    ],
    ['-i file:{{in_video}} -c copy {{out_1}}', 'out.mp4'],
  ]),
  ...category('trim', [
    ['-ss 0.2 -i {{in_video}} -t 0.5 -c copy {{out_1}}', 'out.mp4'],
    ['-ss 00:00:00.2 -to 00:00:00.8 -i {{in_video}} -c:v libx264 -preset ultrafast {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -ss 0.1 -t 0.4 -async 1 -preset ultrafast {{out_1}}', 'out.mp4'],
    ['-sseof -0.5 -i {{in_video}} -c copy {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf trim=start=0.2:end=0.6,setpts=PTS-STARTPTS -af atrim=0.2:0.6,asetpts=PTS-STARTPTS {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf "select=\'between(t,0,0.3)+between(t,0.6,0.9)\',setpts=N/FRAME_RATE/TB" -an {{out_1}}', 'out.mp4'],
    ['-i {{in_audio}} -ss 0.1 -to 0.7 -c copy {{out_1}}', 'out.mp3'],
    ['-accurate_seek -ss 0.3 -i {{in_video}} -avoid_negative_ts make_zero -c copy {{out_1}}', 'out.mp4'],
    [['-i {{in_video}} -f segment -segment_time 0.5 -reset_timestamps 1 -c copy -segment_list {{out_1}} part_%03d.mp4'], 'list.csv'],
  ]),
  ...category('scale and frame', [
    ['-i {{in_video}} -vf scale=80:-2 -preset ultrafast {{out_1}}', 'out.mp4'],
    ["-i {{in_video}} -vf 'scale=w=80:h=60:force_original_aspect_ratio=decrease,pad=80:60:(ow-iw)/2:(oh-ih)/2' {{out_1}}", 'out.mp4'],
    ['-i {{in_video}} -vf "scale=trunc(iw/4)*2:trunc(ih/4)*2" {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf "crop=in_w/2:in_h/2:in_w/4:in_h/4" {{out_1}}', 'out.mp4'],
    ["-i {{in_video}} -vf \"crop='min(iw,ih)':'min(iw,ih)',scale=64:64\" {{out_1}}", 'out.mp4'],
    ['-i {{in_video}} -vf transpose=1 {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf "rotate=PI/6:c=black" {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf hflip,vflip {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -r 5 {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf fps=24000/1001 {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf "minterpolate=fps=15:mi_mode=blend" {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -aspect 16:9 -c copy {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf "yadif=0:-1:0,format=yuv420p" {{out_1}}', 'out.mp4'],
    [
      '-i {{in_video}} -filter_complex "[0:v]scale=90:160,boxblur=5:1,setsar=1[bg];[0:v]scale=90:-2,setsar=1[fg];[bg][fg]overlay=(W-w)/2:(H-h)/2[v]" -map "[v]" -map 0:a? {{out_1}}',
      'out.mp4',
    ],
    ["-i {{in_video}} -vf \"zoompan=z='min(zoom+0.0015,1.5)':d=1:x='iw/2-(iw/zoom/2)':y='ih/2-(ih/zoom/2)':s=80x60\" {{out_1}}", 'out.mp4'],
    ['-i {{in_video}} -sws_flags lanczos+accurate_rnd -vf scale=100:80 {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -filter_complex "sws_flags=bicubic;[0:v]scale=100:80[v]" -map "[v]" {{out_1}}', 'out.mp4'],
  ]),
  ...category('colour', [
    ['-i {{in_video}} -vf eq=brightness=0.06:saturation=2:contrast=1.1 {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf hue=s=0 {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf curves=vintage {{out_1}}', 'out.mp4'],
    ["-i {{in_video}} -vf \"curves=r='0/0.1 0.5/0.6 1/1':b='0/0 1/0.8'\" {{out_1}}", 'out.mp4'],
    ['-i {{in_video}} -vf "curves=all=\'0/0 0.5/0.4 1/1\'" {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf lut3d={{in_lut}} {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf "lut3d=file=\'{{in_lut}}\':interp=trilinear,format=yuv420p" {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf colorchannelmixer=.393:.769:.189:0:.349:.686:.168:0:.272:.534:.131 {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf "unsharp=5:5:1.0:5:5:0.0,gblur=sigma=2" {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf "geq=lum=\'p(X,Y)\':cb=128:cr=128" {{out_1}}', 'out.mp4'],
    [
      '-i {{in_video}} -i {{in_image}} -filter_complex "[0:v]chromakey=0x70de77:0.1:0.2[ck];[1:v][ck]overlay[out]" -map "[out]" {{out_1}}',
      'out.mp4',
    ],
    ['-i {{in_video}} -vf colorspace=all=bt709:iall=bt601-6-625:fast=1 -colorspace bt709 -color_primaries bt709 {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf "vignette=PI/4,noise=alls=10:allf=t+u" {{out_1}}', 'out.mp4'],
    [
      '-i {{in_video}} -vf "fade=t=in:st=0:d=0.3,fade=t=out:st=0.7:d=0.3" -af "afade=t=in:d=0.3,afade=t=out:st=0.7:d=0.3" {{out_1}}',
      'out.mp4',
    ],
    ['-i {{in_video}} -vf "selectivecolor=reds=.5 0 -.33 1" {{out_1}}', 'out.mp4'],
  ]),
  ...category('overlay', [
    ['-i {{in_video}} -i {{in_logo}} -filter_complex overlay=10:10 {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -i {{in_logo}} -filter_complex "[1:v]scale=20:-1[wm];[0:v][wm]overlay=W-w-5:H-h-5" -c:a copy {{out_1}}', 'out.mp4'],
    [
      "-i {{in_video}} -i {{in_logo}} -filter_complex \"[1]format=rgba,colorchannelmixer=aa=0.5[l];[0][l]overlay=x='if(lt(t,0.5),NAN,10)':y=10:enable='between(t,0.2,0.8)'\" {{out_1}}",
      'out.mp4',
    ],
    [
      '-i {{in_video}} -i {{in_video2}} -filter_complex "[1:v]scale=40:30[pip];[0:v][pip]overlay=main_w-overlay_w-4:4" {{out_1}}',
      'out.mp4',
    ],
    ['-i {{in_video}} -i {{in_video2}} -filter_complex hstack=inputs=2 {{out_1}}', 'out.mp4'],
    [
      '-i {{in_video}} -i {{in_video2}} -i {{in_video}} -i {{in_video2}} -filter_complex "[0:v][1:v][2:v][3:v]xstack=inputs=4:layout=0_0|w0_0|0_h0|w0_h0[v]" -map "[v]" {{out_1}}',
      'out.mp4',
    ],
    ['-i {{in_video}} -stream_loop -1 -i {{in_gif}} -filter_complex "[0:v][1:v]overlay=shortest=1" {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -ignore_loop 0 -i {{in_gif}} -filter_complex "[0][1]overlay=0:0:shortest=1[v]" -map "[v]" {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -loop 1 -t 1 -i {{in_image}} -filter_complex "[0:v][1:v]blend=all_mode=multiply:shortest=1" {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf "drawbox=x=10:y=10:w=50:h=30:color=red@0.5:t=fill,drawgrid=w=iw/3:h=ih/3" {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf "delogo=x=10:y=10:w=20:h=20" {{out_1}}', 'out.mp4'],
  ]),
  ...category('text', [
    ['-i {{in_video}} -vf "drawtext=text=\'Hello World\':fontsize=20:fontcolor=white:x=(w-text_w)/2:y=(h-text_h)/2" {{out_1}}', 'out.mp4'],
    ["-i {{in_video}} -vf drawtext=text='a/b':font=Sans:box=1:boxcolor=black@0.5:boxborderw=5 {{out_1}}", 'out.mp4'],
    ["-i {{in_video}} -vf \"drawtext=text='/etc/passwd is only text':font='DejaVu Sans'\" {{out_1}}", 'out.mp4'],
    ['-i {{in_video}} -vf "drawtext=text=\'See https\\://example.com/x\':fontsize=10" {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf "drawtext=text=\'%{pts\\:hms}\':fontsize=12:y=h-th-5" {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf "drawtext=text=\'<<LIVE>>\':fontsize=12" {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf "drawtext=textfile={{in_text}}:fontsize=12:reload=0" {{out_1}}', 'out.mp4'],
    ["-i {{in_video}} -vf \"drawtext=fontfile={{in_font}}:text='own font':fontsize=14:enable='gte(t,0.3)'\" {{out_1}}", 'out.mp4'],
    ["-i {{in_video}} -vf \"drawtext=text='one',drawtext=text='two':y=20\" {{out_1}}", 'out.mp4'],
    ['-i {{in_video}} -vf "drawtext=timecode=\'09\\:57\\:00\\:00\':r=10:fontsize=12" {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf "sendcmd=c=\'0.5 drawtext reinit text=later\',drawtext=text=now:fontsize=12" {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf "drawtext=text=Text \\"with\\" quotes\\\\; and | pipes & $signs:fontsize=9" {{out_1}}', 'out.mp4'],
  ]),
  ...category('subtitles', [
    ['-i {{in_video}} -vf subtitles={{in_subs}} {{out_1}}', 'out.mp4'],
    [
      "-i {{in_video}} -vf \"subtitles='{{in_subs}}':force_style='FontName=DejaVu Sans,FontSize=24,PrimaryColour=&H00FFFF&'\" {{out_1}}",
      'out.mp4',
    ],
    ['-i {{in_video}} -vf "subtitles=filename={{in_subs}}:fontsdir=." {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf ass={{in_ass}} {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -i {{in_subs}} -c copy -c:s mov_text -metadata:s:s:0 language=eng {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -i {{in_subs}} -map 0:v -map 0:a -map 1:s -c copy -c:s srt -disposition:s:0 default {{out_1}}', 'out.mkv'],
    ['-i {{in_subs}} {{out_1}}', 'out.vtt'],
    ['-i {{in_ass}} -c:s srt {{out_1}}', 'out.srt'],
    ['-sub_charenc UTF-8 -i {{in_subs}} {{out_1}}', 'out.ass'],
    ['-i {{in_video}} -sub_charenc UTF-8 -i {{in_subs}} -vf "subtitles={{in_subs}}" -map 0:v -map 1:s -c:s srt {{out_1}}', 'out.mkv'],
    ['-i {{in_video}} -attach {{in_font}} -metadata:s:t mimetype=application/x-truetype-font -c copy {{out_1}}', 'out.mkv'],
    ['-itsoffset 0.2 -i {{in_subs}} -c:s srt {{out_1}}', 'out.srt'],
  ]),
  ...category('concatenate', [
    [
      '-i {{in_video}} -i {{in_video2}} -filter_complex "[0:v][0:a][1:v][1:a]concat=n=2:v=1:a=1[v][a]" -map "[v]" -map "[a]" {{out_1}}',
      'out.mp4',
    ],
    [
      '-i {{in_video}} -i {{in_video2}} -filter_complex "[0:v]scale=80:60,setsar=1[a];\n[1:v]scale=80:60,setsar=1[b];\n[a][b]concat=n=2:v=1:a=0" {{out_1}}',
      'out.mp4',
    ],
    [
      '-i {{in_video}} -i {{in_video2}} -filter_complex "[0][1]xfade=transition=fade:duration=0.3:offset=0.5,format=yuv420p" -an {{out_1}}',
      'out.mp4',
    ],
    [
      '-i {{in_video}} -i {{in_video2}} -filter_complex "xfade=transition=wipeleft:duration=0.2:offset=0.4;acrossfade=d=0.2" {{out_1}}',
      'out.mp4',
    ],
    ['-i {{in_audio}} -i {{in_wav}} -filter_complex "[0:a][1:a]concat=n=2:v=0:a=1" {{out_1}}', 'out.mp3'],
    ['-i "concat:{{in_ts}}|{{in_ts}}" -c copy {{out_1}}', 'out.ts'],
    ['-f concat -safe 0 -i {{in_list}} -i {{in_video}} -map 0 -c copy {{out_1}}', 'out.mp4'],
    [['-i {{in_video2}} -c copy in_video.mp4', '-f concat -i {{in_list}} -c copy {{out_1}}'], 'out.mp4'],
    [
      [
        '-i {{in_video}} -c copy -bsf:v h264_mp4toannexb -f mpegts a.ts',
        '-i {{in_video2}} -c copy -bsf:v h264_mp4toannexb -f mpegts b.ts',
        '-i "concat:a.ts|b.ts" -c copy -bsf:a aac_adtstoasc {{out_1}}',
      ],
      'out.mp4',
    ],
    ['-stream_loop 2 -i {{in_video}} -c copy {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -filter_complex "[0:v]split[a][b];[b]reverse[r];[a][r]concat" -an {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -filter_complex "[0:v]loop=loop=2:size=10:start=0" -an {{out_1}}', 'out.mp4'],
  ]),
  ...category('speed', [
    ['-i {{in_video}} -filter_complex "[0:v]setpts=0.5*PTS[v];[0:a]atempo=2.0[a]" -map "[v]" -map "[a]" {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf setpts=2*PTS -an {{out_1}}', 'out.mp4'],
    ['-i {{in_audio}} -af atempo=0.5,atempo=0.8 {{out_1}}', 'out.mp3'],
    ['-i {{in_audio}} -af rubberband=pitch=1.2:tempo=0.9 {{out_1}}', 'out.wav'],
    ['-i {{in_video}} -vf reverse -af areverse {{out_1}}', 'out.mp4'],
  ]),
  ...category('gif', [
    ['-i {{in_video}} -vf "fps=5,scale=80:-1:flags=lanczos" -loop 0 {{out_1}}', 'out.gif'],
    [
      '-i {{in_video}} -filter_complex "fps=5,scale=80:-1:flags=lanczos,split[s0][s1];[s0]palettegen[p];[s1][p]paletteuse" {{out_1}}',
      'out.gif',
    ],
    [
      '-ss 0.1 -t 0.6 -i {{in_video}} -filter_complex "[0:v] fps=5,scale=w=80:h=-1,split [a][b];[a] palettegen=stats_mode=single [p];[b][p] paletteuse=new=1:dither=bayer:bayer_scale=3" {{out_1}}',
      'out.gif',
    ],
    [['-i {{in_video}} -vf palettegen palette.png', '-i {{in_video}} -i palette.png -lavfi paletteuse {{out_1}}'], 'out.gif'],
    ['-i {{in_gif}} -movflags faststart -pix_fmt yuv420p -vf "scale=trunc(iw/2)*2:trunc(ih/2)*2" {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vcodec libwebp -lossless 0 -q:v 60 -loop 0 -an -vf fps=5,scale=80:-1 {{out_1}}', 'out.webp'],
    ['-i {{in_video}} -plays 0 -f apng {{out_1}}', 'out.png'],
  ]),
  ...category('thumbnails and images', [
    ['-ss 0.5 -i {{in_video}} -frames:v 1 {{out_1}}', 'out.jpg'],
    ['-i {{in_video}} -ss 0.3 -vframes 1 -q:v 2 -y {{out_1}}', 'out.jpg'],
    ['-i {{in_video}} -vf "select=\'eq(n\\,0)\'" -vframes 1 {{out_1}}', 'out.png'],
    ['-i {{in_video}} -vf "thumbnail=5,scale=80:-1" -frames:v 1 -update 1 {{out_1}}', 'out.png'],
    ['-i {{in_video}} -vf "select=\'not(mod(n,3))\',scale=40:30,tile=2x2" -frames:v 1 -vsync vfr {{out_1}}', 'out.png'],
    [['-i {{in_video}} -vf fps=5 frame_%03d.png', '-framerate 5 -i frame_%03d.png -pix_fmt yuv420p {{out_1}}'], 'out.mp4'],
    [
      [
        '-i {{in_video}} -r 4 -f image2 shot-%02d.jpg',
        "-framerate 4 -pattern_type glob -i 'shot-*.jpg' -c:v libx264 -pix_fmt yuv420p {{out_1}}",
      ],
      'out.mp4',
    ],
    ['-loop 1 -i {{in_image}} -t 1 -r 5 -pix_fmt yuv420p {{out_1}}', 'out.mp4'],
    [
      '-loop 1 -framerate 5 -i {{in_image}} -i {{in_audio}} -c:v libx264 -tune stillimage -c:a aac -shortest -pix_fmt yuv420p {{out_1}}',
      'out.mp4',
    ],
    ['-i {{in_image}} -vf scale=32:32 {{out_1}}', 'out.webp'],
    ['-i {{in_photo}} -q:v 5 {{out_1}}', 'out.jpg'],
    ['-i {{in_photo}} -vf "scale=60:-1,crop=40:40" {{out_1}}', 'out.png'],
    ['-i {{in_image}} -i {{in_logo}} -filter_complex "overlay=5:5" -frames:v 1 {{out_1}}', 'out.png'],
    ['-i {{in_image}} -vf "drawtext=text=caption:fontsize=12" -frames:v 1 {{out_1}}', 'out.png'],
    ['-skip_frame nokey -i {{in_video}} -vf "select=\'gt(scene,0.1)+eq(n,0)\',showinfo" -vsync 0 -frames:v 1 {{out_1}}', 'out.png'],
    ['-i {{in_image}} {{out_1}}', 'out.bmp'],
    ['-i {{in_image}} -vf format=rgba {{out_1}}', 'out.tiff'],
    ['-i {{in_image}} -s 32x32 {{out_1}}', 'out.ico'],
  ]),
  ...category('audio', [
    ['-i {{in_video}} -vn -acodec libmp3lame -q:a 2 {{out_1}}', 'out.mp3'],
    ['-i {{in_video}} -vn -c:a copy {{out_1}}', 'out.m4a'],
    ['-i {{in_audio}} -ar 16000 -ac 1 -c:a pcm_s16le {{out_1}}', 'out.wav'],
    ['-i {{in_wav}} -c:a flac -compression_level 8 {{out_1}}', 'out.flac'],
    ['-i {{in_flac}} -c:a libopus -b:a 48k {{out_1}}', 'out.opus'],
    ['-i {{in_ogg}} -c:a aac -b:a 64k {{out_1}}', 'out.m4a'],
    ['-i {{in_audio}} -af loudnorm=I=-16:TP=-1.5:LRA=11 -ar 44100 {{out_1}}', 'out.mp3'],
    ['-i {{in_audio}} -af loudnorm=I=-16:TP=-1.5:LRA=11:print_format=json -f null - -c copy {{out_1}}', 'out.mp3'],
    ['-i {{in_audio}} -af "volume=1.5,dynaudnorm=f=150:g=15" {{out_1}}', 'out.mp3'],
    ['-i {{in_audio}} -af volumedetect -f null /dev/null -c copy {{out_1}}', 'out.mp3'],
    [
      '-i {{in_audio}} -af silenceremove=start_periods=1:start_threshold=-50dB:stop_periods=-1:stop_duration=1:stop_threshold=-50dB {{out_1}}',
      'out.mp3',
    ],
    ['-i {{in_audio}} -af "highpass=f=200,lowpass=f=3000,afftdn=nf=-25" {{out_1}}', 'out.mp3'],
    [
      '-i {{in_audio}} -af "equalizer=f=1000:t=q:w=1:g=2,compand=attacks=0:points=-80/-80|-20/-10|0/0,alimiter=limit=0.9" {{out_1}}',
      'out.mp3',
    ],
    ['-i {{in_audio}} -af "aecho=0.8:0.9:1000:0.3,adelay=100|100" {{out_1}}', 'out.mp3'],
    ['-i {{in_audio}} -i {{in_wav}} -filter_complex amix=inputs=2:duration=longest:dropout_transition=2 {{out_1}}', 'out.mp3'],
    [
      '-i {{in_audio}} -i {{in_wav}} -filter_complex "[0:a][1:a]amerge=inputs=2,pan=stereo|c0<c0+c1|c1<c1[a]" -map "[a]" {{out_1}}',
      'out.wav',
    ],
    [
      '-i {{in_video}} -i {{in_audio}} -filter_complex "[1:a]volume=0.2[m];[0:a][m]amix=inputs=2:duration=first[a]" -map 0:v -map "[a]" -c:v copy {{out_1}}',
      'out.mp4',
    ],
    [
      '-i {{in_voice}} -i {{in_audio}} -filter_complex "[1:a][0:a]sidechaincompress=threshold=0.1:ratio=4[a]" -map "[a]" {{out_1}}',
      'out.mp3',
    ],
    ['-i {{in_video}} -i {{in_audio}} -map 0:v:0 -map 1:a:0 -c:v copy -shortest {{out_1}}', 'out.mp4'],
    [
      '-i {{in_audio}} -i {{in_image}} -map 0 -map 1 -c copy -id3v2_version 3 -metadata:s:v title="Album cover" -metadata:s:v comment="Cover (front)" {{out_1}}',
      'out.mp3',
    ],
    ['-f s16le -ar 44100 -ac 1 -i {{in_raw}} {{out_1}}', 'out.wav'],
    ['-i {{in_audio}} -f s16le -acodec pcm_s16le {{out_1}}', 'out.pcm'],
    ['-i {{in_audio}} -af "asplit[a][b];[b]aphaser[c];[a][c]amix" {{out_1}}', 'out.mp3'],
    ['-i {{in_audio}} -filter:a "asetrate=44100*1.25,aresample=44100,atempo=0.8" {{out_1}}', 'out.mp3'],
    ['-i {{in_stereo}} -map_channel 0.0.0 {{out_1}} -map_channel 0.0.1 {{out_2}}', 'left.wav', 'right.wav'],
    [
      '-i {{in_stereo}} -filter_complex "channelsplit=channel_layout=stereo[l][r]" -map "[l]" {{out_1}} -map "[r]" {{out_2}}',
      'l.wav',
      'r.wav',
    ],
  ]),
  ...category('visualise', [
    ['-i {{in_audio}} -filter_complex "showwavespic=s=160x40:colors=blue|white" -frames:v 1 {{out_1}}', 'out.png'],
    [
      '-i {{in_audio}} -filter_complex "aformat=channel_layouts=mono,showwavespic=split_channels=1:s=160x40" -frames:v 1 {{out_1}}',
      'out.png',
    ],
    [
      '-i {{in_audio}} -filter_complex "[0:a]showwaves=s=160x80:mode=line:rate=10,format=yuv420p[v]" -map "[v]" -map 0:a {{out_1}}',
      'out.mp4',
    ],
    ['-i {{in_audio}} -lavfi showspectrumpic=s=160x80:legend=0 {{out_1}}', 'out.png'],
    [
      '-i {{in_audio}} -i {{in_image}} -filter_complex "[0:a]avectorscope=s=60x60:r=10[w];[1:v]scale=160:120[b];[b][w]overlay=(W-w)/2:(H-h)/2[v]" -map "[v]" -map 0:a -shortest {{out_1}}',
      'out.mp4',
    ],
    ['-i {{in_audio}} -filter_complex "showfreqs=s=80x60:mode=bar" -r 5 {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf "histogram,format=yuv420p" {{out_1}}', 'out.mp4'],
  ]),
  ...category('sources', [
    ['-f lavfi -i color=c=blue:s=80x60:d=1 {{out_1}}', 'out.mp4'],
    ['-f lavfi -i testsrc=duration=1:size=80x60:rate=10 -f lavfi -i sine=frequency=1000:duration=1 -pix_fmt yuv420p {{out_1}}', 'out.mp4'],
    ['-f lavfi -i "color=c=black:s=80x60:r=10,format=rgb24" -t 0.5 -c:v libx264 -pix_fmt yuv420p {{out_1}}', 'out.mp4'],
    ['-i {{in_silent}} -f lavfi -i anullsrc=channel_layout=stereo:sample_rate=44100 -c:v copy -c:a aac -shortest {{out_1}}', 'out.mp4'],
    ['-f lavfi -i "aevalsrc=sin(440*2*PI*t):d=0.5" {{out_1}}', 'out.wav'],
    ['-f lavfi -i "smptebars=s=80x60:d=1" -vf "drawtext=text=bars:fontsize=10" {{out_1}}', 'out.mp4'],
    [
      '-f lavfi -t 1 -i color=white:s=80x60:r=10 -i {{in_logo}} -filter_complex "[0][1]overlay=(W-w)/2:(H-h)/2:shortest=0" -t 1 {{out_1}}',
      'out.mp4',
    ],
    ['-f lavfi -i "gradients=s=80x60:d=1" -f lavfi -i "anoisesrc=d=1:c=pink:a=0.1" {{out_1}}', 'out.mp4'],
    ['-f lavfi -i "testsrc2=s=80x60:d=1[out0];sine=d=1[out1]" {{out_1}}', 'out.mp4'],
    ['-f lavfi -i life=s=80x60:mold=10:r=10:ratio=0.1:death_color=#C83232:life_color=#00ff00 -t 0.5 {{out_1}}', 'out.mp4'],
  ]),
  ...category('streaming', [
    [
      '-i {{in_video}} -c:v libx264 -preset ultrafast -g 10 -hls_time 0.5 -hls_list_size 0 -hls_segment_filename seg_%03d.ts -f hls {{out_1}}',
      'out.m3u8',
    ],
    ['-i {{in_video}} -c copy -start_number 0 -hls_time 10 -hls_playlist_type vod {{out_1}}', 'index.m3u8'],
    [
      '-i {{in_video}} -c copy -hls_segment_type fmp4 -hls_fmp4_init_filename init.mp4 -hls_base_url https://cdn.example.com/a/ {{out_1}}',
      'out.m3u8',
    ],
    ['-i {{in_video}} -c copy -f dash -seg_duration 1 -use_template 1 -use_timeline 1 {{out_1}}', 'out.mpd'],
    [
      "-i {{in_video}} -c copy -f dash -init_seg_name 'init-$RepresentationID$.m4s' -media_seg_name 'chunk-$RepresentationID$-$Number%05d$.m4s' {{out_1}}",
      'out.mpd',
    ],
    [
      [
        "-i {{in_video}} -map 0:v -map 0:a -map 0:v -map 0:a -preset ultrafast -b:v:0 100k -b:v:1 50k -f hls -hls_time 1 -master_pl_name master.m3u8 -hls_segment_filename 's_%v_%03d.ts' -var_stream_map 'v:0,a:0,name:hi v:1,a:1,name:lo' s_%v.m3u8",
        '-i {{in_video}} -c copy {{out_1}}',
      ],
      'out.mp4',
    ],
    ['-i {{in_video}} -c copy -hls_enc 1 -hls_enc_key 0123456789abcdef0123456789abcdef -hls_enc_key_url key.bin {{out_1}}', 'out.m3u8'],
    ['-i {{in_video}} -c copy -movflags frag_keyframe+empty_moov+default_base_moof {{out_1}}', 'out.mp4'],
    [
      [
        '-i {{in_video}} -c copy -f segment -segment_time 0.5 -segment_format_options movflags=+faststart seg%d.mp4',
        '-i seg0.mp4 {{out_1}}',
      ],
      'out.webm',
    ],
  ]),
  ...category('analyse', [
    ['-i {{in_video}} -vf "metadata=print:file={{out_1}}" -f null -', 'log.txt'],
    ['-i {{in_video}} -vf "blackdetect=d=0.1:pix_th=0.1,metadata=mode=print:file={{out_1}}" -an -f null -', 'black.txt'],
    ["-i {{in_video}} -vf \"select='gt(scene,0.1)',metadata=print:file='{{out_1}}'\" -f null /dev/null", 'scenes.txt'],
    ['-i {{in_audio}} -af "silencedetect=n=-30dB:d=0.1,ametadata=print:file={{out_1}}" -f null -', 'silence.txt'],
    ['-i {{in_video}} -i {{in_video2}} -lavfi "psnr=stats_file={{out_1}}" -f null -', 'psnr.log'],
    ['-i {{in_video}} -i {{in_video2}} -filter_complex "[0:v][1:v]ssim=f={{out_1}}" -f null -', 'ssim.log'],
    ['-i {{in_video}} -f framemd5 {{out_1}}', 'out.md5'],
    ['-i {{in_video}} -map 0:v -c copy -f hash -hash md5 {{out_1}}', 'hash.txt'],
    ['-i {{in_video}} -f ffmetadata {{out_1}}', 'meta.txt'],
    ['-i {{in_video}} -f ffmetadata -i {{in_chapters}} -map_metadata 1 -map_chapters 1 -c copy {{out_1}}', 'out.mp4'],
    ['-i {{in_video}} -vf cropdetect -frames:v 5 -f null - -c copy {{out_1}}', 'out.mp4'],
    ['-i {{in_audio}} -af ebur128=peak=true -f null - -c copy {{out_1}}', 'out.mp3'],
    ['-i {{in_video}} -vf "signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-" -f null - -c copy {{out_1}}', 'out.mp4'],
  ]),
  ...category('chains', [
    [
      [
        '-y -i {{in_video}} -c:v libx264 -preset ultrafast -b:v 100k -pass 1 -passlogfile stats -an -f mp4 /dev/null',
        '-i {{in_video}} -c:v libx264 -preset ultrafast -b:v 100k -pass 2 -passlogfile stats {{out_1}}',
      ],
      'out.mp4',
    ],
    [
      [
        '-i {{in_video}} -c:v libx264 -preset ultrafast -x264-params pass=1:stats=x264.log -b:v 100k -f null -',
        '-i {{in_video}} -c:v libx264 -preset ultrafast -x264-params pass=2:stats=x264.log -b:v 100k {{out_1}}',
      ],
      'out.mp4',
    ],
    [
      [
        '-i {{in_video}} -vf vidstabdetect=shakiness=5:result=transforms.trf -f null -',
        '-i {{in_video}} -vf vidstabtransform=input=transforms.trf:smoothing=10,unsharp=5:5:0.8:3:3:0.4 {{out_1}}',
      ],
      'out.mp4',
    ],
    [['-i {{in_video}} -vf scale=80:60 {{out_1}}', '-ss 0.2 -i {{out_1}} -frames:v 1 {{out_2}}'], 'small.mp4', 'thumb.jpg'],
    [
      [
        '-i {{in_video}} -vn voice.wav',
        '-i voice.wav -af loudnorm voice-loud.wav',
        '-i {{in_video}} -i voice-loud.wav -map 0:v -map 1:a -c:v copy {{out_1}}',
      ],
      'out.mp4',
    ],
    [
      [
        '-i {{in_audio}} -filter_complex "showwavespic=s=80x40" -frames:v 1 wave.png',
        '-loop 1 -i wave.png -i {{in_audio}} -shortest -r 5 {{out_1}}',
      ],
      'out.mp4',
    ],
    [['ffmpeg -i {{in_mkv}} -map 0:s? -map 0:v -c copy tmp.mkv', 'ffmpeg -i tmp.mkv -c:v libvpx -b:v 100k {{out_1}}'], 'out.webm'],
    [
      [
        '-i {{in_video}} -vf "metadata=print:file=scenes.log" -f null -',
        '-i {{in_video}} -vf "drawtext=textfile=scenes.log:fontsize=6" {{out_1}}',
      ],
      'out.mp4',
    ],
  ]),
  ...category('writing styles', [
    ['ffmpeg -i {{ in_video }} -vf "scale=80:60" {{ out_1 }}', 'out.mp4'],
    ['ffmpeg -i <<in_video>> -c copy <<out_1>>', 'out.mp4'],
    ['ffmpeg -i \\{\\{in_video\\}\\} -c copy \\{\\{out_1\\}\\}', 'out.mp4'],
    ['ffmpeg -i "{{in_video}}" \\\n  -vf "scale=80:60,\n       format=yuv420p" \\\n  "{{out_1}}"\n', 'out.mp4'],
    [
      "ffmpeg -i '{{in_video}}' -filter_complex '\n[0:v] split=2 [a][b] ;\n[a] scale=40:30 [c] ;\n[b][c] overlay [v]\n' -map '[v]' {{out_1}}",
      'out.mp4',
    ],
    ['  ffmpeg   -nostdin  -i {{in_video}}\t-c:v libx264 -preset ultrafast -stats -map 0:v? -map 0:s? {{out_1}}  ', 'out.mp4'],
    ['ffmpeg -i {{in_video}} -metadata title="It\'s; a $test | of > chars * ? & #1" -c copy {{out_1}}', 'out.mp4'],
  ]),
]
