/** What some tests need beyond Node, npm and any FFmpeg. Plain data: the survey finds out what this machine has, and CONTRIBUTING shows the list. */

export interface Requirement {
  /** As the report of skipped tests names it. */
  name: string
  /** How to get it on Linux. */
  linux: string
  /** How to get it on macOS, or why it cannot be had there. */
  macos: string
}

export const REQUIREMENTS = {
  ffmpeg5: {
    name: 'FFmpeg 5 or newer, built with the usual encoders',
    linux: 'apt install ffmpeg (Debian 12, Ubuntu 23.04 or newer), or set FFMPEG_PATH and FFPROBE_PATH',
    macos: 'brew install ffmpeg',
  },
  landlock: {
    name: 'Landlock through setpriv of util-linux 2.41, as root',
    linux: 'Debian 13 or newer, as root; where Docker runs, the tests of the image hold the same inside a container',
    macos: 'not available: macOS has no Landlock',
  },
  bwrap: {
    name: 'bubblewrap',
    linux: 'apt install bubblewrap',
    macos: 'not available: bubblewrap needs Linux namespaces',
  },
  sandbox: {
    name: 'a sandbox: Landlock or bubblewrap',
    linux: 'apt install bubblewrap',
    macos: 'not available: the executor has no sandbox on macOS',
  },
  linux: {
    name: 'Linux',
    linux: 'nothing to do',
    macos: 'not available: the test reads /proc, or sets limits with prlimit',
  },
  docker: {
    name: 'a Docker engine and the image node:24-trixie-slim',
    linux: 'apt install docker.io, and start dockerd; where no registry is reachable, apt install mmdebstrap as well',
    macos: 'install Docker Desktop',
  },
  chromium: {
    name: 'Chromium',
    linux: 'apt install chromium, or set CHROMIUM_PATH',
    macos: 'install Google Chrome, and set CHROMIUM_PATH',
  },
  php: { name: 'PHP', linux: 'apt install php-cli', macos: 'brew install php' },
  python: { name: 'Python 3', linux: 'apt install python3', macos: 'comes with the Xcode command-line tools' },
  shell: { name: 'bash and curl', linux: 'apt install bash curl', macos: 'comes with macOS' },
  font: { name: 'a TrueType font', linux: 'apt install fonts-dejavu-core', macos: 'comes with macOS' },
} as const satisfies Record<string, Requirement>

export type RequirementId = keyof typeof REQUIREMENTS
