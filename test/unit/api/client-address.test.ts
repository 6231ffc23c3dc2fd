import { expect, test } from 'vitest'
import { addressIn } from '../../../src/api/client-address.ts'

test.each([
  ['203.0.113.7', '203.0.113.7'],
  [' 203.0.113.7 ', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
])('%j is the address %s', (header, address) => {
  expect(addressIn(header)).toBe(address)
})

test('an IPv6 address is its network, from which its owner may ask under any other', () => {
  const networks = ['2001:db8:1:2::1', '2001:DB8:1:2:ffff::1', '2001:0db8:0001:0002:0:0:0:9'].map(addressIn)
  expect(networks).toEqual(Array(3).fill('2001:db8:1:2::'))
  expect(addressIn('2001:db8:1:3::1')).not.toBe(networks[0])
})

test('of several the last is whoever stands in front’s, and what the client has sent before it makes no difference', () => {
  expect(addressIn('198.51.100.1, 203.0.113.7')).toBe('203.0.113.7')
  expect(addressIn('anything at all,203.0.113.7')).toBe('203.0.113.7')
})

test.each([undefined, '', 'unknown', '203.0.113', '203.0.113.7:443', '1', '0x7f.1', '[::1]', 'example.com', '203.0.113.7,'])(
  '%j is no address',
  (header) => {
    expect(addressIn(header)).toBeNull()
  },
)
