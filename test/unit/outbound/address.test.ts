import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkUrl, parseOrigins } from '../../../src/outbound/address.ts'
import { anyText } from '../../support/any-text.ts'

const nothing = parseOrigins('')

function reasonFor(url: string, allowed = nothing): string {
  const check = checkUrl(url, allowed)
  return check.ok ? 'allowed' : check.reason
}

describe('checkUrl', () => {
  it.each([
    'https://example.com/video.mp4',
    'http://example.com',
    'https://example.com:443/a',
    'https://example.com:1024/a',
    'https://example.com:65535/a',
    'https://example.com./a',
    'https://sub.local.example.com/a',
    'https://localhost.example.com/a',
    'https://internal.io/a',
    'https://bücher.example.com/a',
    'https://my_bucket.s3.amazonaws.com/a?X-Amz-Signature=1',
    'http://8.8.8.8/a',
    'http://1.1.1.1:8080/a',
    'http://172.32.0.1/',
    'http://100.128.0.1/',
    'http://[2606:4700:4700::1111]/a',
    'http://[::ffff:8.8.8.8]/a',
    'https://example.com/a?b=c@d#user:pw@x',
  ])('lets %s through', (url) => {
    expect(reasonFor(url)).toBe('allowed')
  })

  it.each([
    // loopback in every spelling
    'http://127.0.0.1/',
    'http://127.0.0.1./',
    'http://127.1/',
    'http://127.255.255.254/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://017700000001/',
    'http://0x7F.0x0.0x0.0x1/',
    'http://%31%32%37.0.0.1/',
    'http://127.0.0.1/',
    'http://127。0。0。1/',
    'http:\\\\127.0.0.1\\',
    'http:127.0.0.1/',
    'http://[::1]/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[::127.0.0.1]/',
    'http://[::ffff:0:127.0.0.1]/',
    'http://[64:ff9b::127.0.0.1]/',
    'http://[64:ff9b:1::a00:1]/',
    'http://[2002:7f00:1::]/',
    'http://[2001::1]/',
    // private, shared, link-local, metadata
    'http://10.0.0.1/',
    'http://10.1/',
    'http://172.16.0.1/',
    'http://172.31.255.255/',
    'http://192.168.1.1/',
    'http://0xc0a80101/',
    'http://100.64.0.1/',
    'http://100.127.255.255/',
    'http://100.100.100.200/',
    'http://169.254.169.254/latest/meta-data/',
    'http://2852039166/',
    'http://0xA9FEA9FE/',
    'http://[::ffff:169.254.169.254]/',
    'http://[fd00:ec2::254]/',
    'http://[fc00::1]/',
    'http://[fe80::1]/',
    'http://[fec0::1]/',
    // special
    'http://0.0.0.0/',
    'http://0/',
    'http://255.255.255.255/',
    'http://224.0.0.1/',
    'http://240.0.0.1/',
    'http://192.0.0.1/',
    'http://192.0.2.1/',
    'http://198.18.0.1/',
    'http://198.51.100.1/',
    'http://203.0.113.1/',
    'http://192.88.99.1/',
    'http://[::]/',
    'http://[ff02::1]/',
    'http://[100::1]/',
    'http://[2001:db8::1]/',
    'http://[3fff::1]/',
    'http://[5f00::1]/',
    'http://[4000::1]/',
  ])('refuses the address %s', (url) => {
    expect(reasonFor(url)).toMatch(/^The URL points to .*an address that is not public/)
  })

  it.each([
    'http://localhost/',
    'http://LOCALHOST/',
    'http://localhost./',
    'http://localhost:8080/',
    'http://a.localhost/',
    'http://printer.local/',
    'http://metadata.google.internal/computeMetadata/v1/',
    'http://metadata.google.internal./',
    'http://METADATA.google.INTERNAL/',
    'http://ip-10-0-0-1.ec2.internal/',
    'http://svc.ns.svc.cluster.local/',
    'http://host.docker.internal/',
    'http://router.home.arpa/',
    'http://nas.lan/',
    'http://wiki.corp/',
    'http://wiki.intranet/',
    'http://a.test/',
    'http://a.invalid/',
    'http://abc.onion/',
    'http://localhost.localdomain/',
    'http://ⓛocalhost/',
    'http://local%68ost/',
  ])('refuses the private name %s', (url) => {
    expect(reasonFor(url)).toContain('a name that is used inside private networks')
  })

  it.each(['http://metadata/', 'http://redis:6379/', 'http://instance-data/', 'http://com/'])(
    'refuses %s, a name without a domain',
    (url) => {
      expect(reasonFor(url)).toContain('a name without a domain')
    },
  )

  it.each([
    'ftp://example.com/',
    'file:///etc/passwd',
    'data:text/plain,a',
    'ws://example.com/',
    'javascript:alert(1)',
    'blob:https://example.com/1',
  ])('refuses the scheme of %s', (url) => {
    expect(reasonFor(url)).toMatch(/scheme .*only http and https/)
  })

  it.each([
    '',
    'video.mp4',
    '/etc/passwd',
    '//example.com/a',
    'http://',
    'http://exa mple.com/',
    'http://1.2.3.4.5/',
    'http://256.1.1.1/',
    'http://a:99999/',
    'http://[fe80::1%25eth0]/',
    'http://[::1/',
  ])('refuses %j, which is no URL', (url) => {
    expect(reasonFor(url)).toContain('is not a valid URL')
  })

  it.each([
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
    'KUBERNETES.default.SVC..',
    'redis.service.consul',
    'metadata.google.internal',
    'metadata.goog',
    'METADATA.goog.',
    'metadata.tencentyun.com',
    'metadata.platformequinix.com',
    'metadata.packet.net',
    'metadata.exoscale.com',
    'api.metadata.cloud.ibm.com',
    'api.service.softlayer.com',
    'ipv4only.arpa',
    'rancher-metadata',
    // Azure's host services.
    '168.63.129.16',
    '168.63.129.16.',
    '2822734096',
    '0xa83f8110',
    '0250.077.0201.020',
    '168.63.33040',
    '１６８.63.129.16',
    '[::ffff:168.63.129.16]',
    '[::ffff:a83f:8110]',
    '[64:ff9b::168.63.129.16]',
    '[2002:a83f:8110::1]',
    '[2001:0:a83f:8110::1]',
    // IBM's, Alibaba's, Oracle's, Amazon's, Google's, Tencent's, Scaleway's.
    '161.26.0.10',
    '166.11.255.255',
    '100.100.100.200',
    '192.0.0.192',
    '169.254.170.2',
    '169.254.0.23',
    '169.254.42.42',
    '[fd00:ec2::254]',
    '[fd20:ce::254]',
  ])('refuses a name or address that a cloud or cluster keeps for itself: %s', (host) => {
    expect(checkUrl(`http://${host}/`, nothing)).toMatchObject({ ok: false })
  })

  it.each(['metadata.example.com', 'svc.example.com', 'notmetadata.goog', 'cloud.ibm.com', '168.63.129.17', '166.12.0.1', '161.27.0.1'])(
    'lets a public neighbour of those pass: %s',
    (host) => {
      expect(checkUrl(`http://${host}/`, nothing)).toMatchObject({ ok: true })
    },
  )

  it.each([22, 25, 1, 0, 79, 81, 442, 444, 1023])('refuses port %i', (port) => {
    expect(reasonFor(`http://example.com:${port}/`)).toContain(`names port ${port}`)
  })

  it('refuses credentials without repeating them, even where everything is allowed', () => {
    for (const allowed of [nothing, parseOrigins('*')]) {
      for (const user of ['alice:s3cret@', 's3cret@', ':s3cret@']) {
        const reason = reasonFor(`https://${user}example.com/`, allowed)
        expect(reason).toContain('user name or password')
        expect(reason).not.toMatch(/s3cret|alice/)
      }
    }
  })

  it('says which setting the operator would change', () => {
    expect(reasonFor('http://192.168.1.5:9000/bucket/a.mp4?token=s3cret')).toBe(
      'The URL points to 192.168.1.5, an address that is not public (private); use a host on the public internet' +
        ' (the operator may list 192.168.1.5:9000 in ALLOWED_PRIVATE_ORIGINS).',
    )
  })

  it('refuses every private IPv4 address in every spelling', () => {
    const octet = fc.integer({ min: 0, max: 255 })
    const address = fc.oneof(
      fc.tuple(fc.constantFrom(0, 10, 127), octet, octet, octet),
      fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
      fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
      fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), octet, octet),
      fc.tuple(fc.integer({ min: 224, max: 255 }), octet, octet, octet),
    )
    fc.assert(
      fc.property(address, ([a, b, c, d]) => {
        const number = ((a * 256 + b) * 256 + c) * 256 + d
        const hex = (n: number) => `0x${n.toString(16)}`
        const octal = (n: number) => `0${n.toString(8)}`
        const spellings = [
          `${a}.${b}.${c}.${d}`,
          `${a}.${b}.${c}.${d}.`,
          `${a}.${b}.${c * 256 + d}`,
          `${a}.${(b * 256 + c) * 256 + d}`,
          String(number),
          hex(number),
          octal(number),
          [a, b, c, d].map(hex).join('.'),
          [a, b, c, d].map(octal).join('.'),
          `[::ffff:${a}.${b}.${c}.${d}]`,
          `[::${a}.${b}.${c}.${d}]`,
          `[64:ff9b::${a}.${b}.${c}.${d}]`,
          `[2002:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}::1]`,
        ]
        return spellings.every((host) => !checkUrl(`http://${host}/`, nothing).ok)
      }),
    )
  })

  it('answers for any text, and lets nothing through that carries credentials', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          fc
            .tuple(fc.constantFrom('http', 'https'), fc.webAuthority(), fc.array(anyText))
            .map(([scheme, authority, segments]) => `${scheme}://${[authority, ...segments.map(encodeURIComponent)].join('/')}`),
          fc.string().map((s) => `http://${s}`),
        ),
        (text) => {
          const check = checkUrl(text, nothing)
          return !check.ok || (check.url.username === '' && check.url.password === '' && /^https?:$/.test(check.url.protocol))
        },
      ),
    )
  })
})

describe('parseOrigins', () => {
  it('exempts what is listed, and nothing beside it', () => {
    const allowed = parseOrigins(' localhost:9000, 10.0.0.5:80 ,[::1]:8080,MinIO:443,, files.lan:21 ')
    for (const url of [
      'http://localhost:9000/a',
      'http://localhost.:9000/a',
      'http://10.0.0.5/',
      'http://0xa000005/',
      'http://[::1]:8080/',
      'https://minio/',
      'http://files.lan:21/',
    ]) {
      expect(reasonFor(url, allowed)).toBe('allowed')
    }
    for (const url of [
      'http://localhost:9001/',
      'http://10.0.0.5:8080/',
      'https://10.0.0.5/',
      'http://[::1]/',
      'http://minio/',
      'http://127.0.0.1:9000/',
    ]) {
      expect(reasonFor(url, allowed)).not.toBe('allowed')
    }
    expect(reasonFor('https://example.com/', allowed)).toBe('allowed')
  })

  it('exempts everything with *, but no other scheme', () => {
    for (const setting of ['*', 'localhost:9000, *']) {
      expect(reasonFor('http://127.0.0.1:22/', parseOrigins(setting))).toBe('allowed')
      expect(reasonFor('http://redis/', parseOrigins(setting))).toBe('allowed')
      expect(reasonFor('file:///etc/passwd', parseOrigins(setting))).toContain('scheme')
    }
  })

  it.each([
    'localhost',
    'http://localhost:9000',
    'localhost:',
    ':9000',
    'localhost:port',
    'localhost:99999',
    'a@b:80',
    '10.0.0.0/8',
    '*.lan:80/x',
  ])('refuses the entry %j and names it', (entry) => {
    expect(() => parseOrigins(`good:80,${entry}`)).toThrow(`"${entry}" is not host:port`)
  })
})
