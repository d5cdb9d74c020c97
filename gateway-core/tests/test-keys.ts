import type { JsonWebKey } from 'node:crypto'

/**
 * The keys that policy tests sign with. They stand here for everybody to read, so nothing but a test may trust them: the
 * facts of a test do, and nothing else in this program ever looks here.
 */
export const testKeys: Readonly<Record<'RSA' | 'P-256' | 'P-384' | 'P-521' | 'Ed25519', JsonWebKey>> = {
  RSA: {
    kty: 'RSA',
    n: 'qFe2G-W65i4BMzNWjw5yH_HKpXVFiY8KEQEoJiBdhCh9Kpx7d2j1YS5hiu5MStHRFdhnHOKHqmT-8jWqQwiTJzrbjWmZu3bgT98jWAnorX8KVkbZmlawLa9JW0HIDQ_7du5teFxd4p_PAjQPQ3p_UkFgM2X6NyxNltveoib6QMPmei7s03fKi8a8iUCkfikAOWeBByGYw5EfgBvCQ7k7Sr0zGcm0hBrRyICy99Sorg8MIpHOl2lSgYFXFXnuBTPa3fPa8Bqqgm6_C6N6ozUU-fg0cUTpIrlbp8WfcaRu_Z8DVWs2OPlocl0kdPelEaxRXEke20FUivdQBTThgXHdDw',
    e: 'AQAB',
    d: 'QGPYTMBo5j1HiTmETNDGN1DJZdM-51hWjd2G6Vps2q2P_rn_AdQcM3FFrxnqBZ5Ons_41NQS90qNN8DuIJjJjHJXYzY2rr1QHEzp3HVh0ebrYcfU2NN6rObEpMq7BcAMu9eD-Ms_v_zHdfzKr9FNnP1TmiVR-UORY_gypoxJIXcN0EL8QGTuxvvgdbQm0ioI7kq4dmxTb6zciXwJM1bR1uhR-75JGlivGJEMOYKc-etEx8xESrzB571wPaOUiSh_KzBhyLkwu1bR-WIcjtZAZToDdfKMPrOYiuyafz67A3k5mKRZ0I0NWlpBU0_3XnB5yvQ2VU0dQr2rwCF_I8NWUQ',
    p: '3-OY87xVfFwSjs86TvNxVk-R_hdoUl0NLHtRvqV6QzRDZAOsV59cIUCzFv-_FwoNZlfSAR2QIO2I3_heXmD9j5dIA4zwYdQCzxCKcTEPPe2C4zkXFLXOHj5iustnMMfkQ3QsNMLwEqoIAz0UxGu2f80JP3KR7uqvPgliAGKcl98',
    q: 'wHyl-HvknZGBtEuD0v5B14ymMdfatkCFrEtLgst2Fr5BD0Fpos0laW8iMiB8fBoxPZgLRtM40kVD1pqtJxwXH1SA417dsj8z4iF3Cvpwj95HUt0ySRmSYlmM6bn7jdWGp70yYORgw8A88zSdg0wmDKzHV7tJ9NDmArfXmt8iINE',
    dp: 'WfPcsRjbE9L-Vchmue_PeokPtBH9hRIDx_poFnvvym6GIPnk1XOelXGkQrpQMVaFmbfxFSemj8Q_-RSV_b9kQLvcYCjRL8z5r-4KYX3_jLcPnnGCl3yQKtCP5FLyy8OUL5HObQhhYm5UN9DjtiM8uM5NR-OlRGOgMwGcEWGNXus',
    dq: 'echjWatJIUgGQAPnC39CORYLsE1ZWyXHbRLWW5JOzGTi1LwWEaKpoONnRz-2gu4vaUDhIZZRxPd9zDFgi_YByxiz0ycaLMRAFzoFDzUUMnH3vj2kqws6ym7N8LJyrXIDF-1kCllzv2XJKjaH0aJEEJDgLmmYiQQCAoY-KwYxmYE',
    qi: 'ml4ndUJ45yBLZKVswLPkSWjCpwb8o1TaXYCtFDbiyGL3gYwP_0MjQ-vM5jP_SRvn0P06YRQkkbijHkbfIUzBlsXQHT91l4a2Kk9sBy63Pnv5ec5wR7fK9mw8QCF3QjOLNfO_hzORcDElVeabbXZnMmYVOJ4aBETYp6zvuX1NbTc',
  },
  'P-256': {
    kty: 'EC',
    x: 'MHmVKqJSC7jZEssBtxA8kwYHUNFlsEEsaDNVLCJpaZo',
    y: 'MX3Rlsnymz3rME48y4943nLeejUby953zVQ3jsblfqA',
    crv: 'P-256',
    d: 'iKiS3F5IQ8cklcVQ0lVbOgs-AENI_3nIpyZiUyhfh7g',
  },
  'P-384': {
    kty: 'EC',
    x: 'RLz8b6yVvDhFTjsXY4qgJ5W6N5Kk0dzeNSaXsJP_AExROOGRNGDfmRvcbmEn-egF',
    y: 'zyettOEYZI6MQug5wf3Nq5Ruiq9v2EcIBnIiCSmmXJYAETeJJAwS1FHW-UX-jrR2',
    crv: 'P-384',
    d: 'Zz_KCIHixuQeuWFLO-RKcDBWrn1i9dNAK1EBeWo40xP4coK8UlKOnHFbzsuCPPxN',
  },
  'P-521': {
    kty: 'EC',
    x: 'ABnbFyds9V_m3N0W0FADp3T8ZkkfbnXWWT0fE8CPgNyqXXyds0Ml2oBwoiA4QWDcDOr3EnKAytQNVMC0ji3AIuvI',
    y: 'ADtS_OufxuVJt7CjsO_yw2fIEUvzj6exYTQuMdrHIHnV2_z9xc27vwQzrQ4Rp9SILIH5LTGPa-oYhn3VsKx2Qhfy',
    crv: 'P-521',
    d: 'APjip6IdjfaLRLNpQtS72cwayg0gz9qhIq7_HNmlAlis4vZXeSY3rn6wKesqOqQbQjkC3LNkUp4VFLFGIM9LVs_C',
  },
  Ed25519: {
    crv: 'Ed25519',
    d: 'BxkrKDFPTUvuzrYmObFs81qFoAfrKkI8MeiaE--1_6I',
    x: 'M89ZlHZiyEHrU_w8rnPEwGXXZAI7l-LY47U8hzx8P78',
    kty: 'OKP',
  },
}

/** Shared secret of tests, for HMAC. */
export const testSecret: JsonWebKey = {
  kty: 'oct',
  k: Buffer.from('the shared secret of policy tests, which nothing else may ever trust').toString('base64url'),
}

/** The public halves, without names, so that they fit whatever name a token gives its key. */
export const publicTestKeys: readonly Readonly<Record<string, unknown>>[] = Object.values(testKeys).map(
  ({ kty, crv, x, y, n, e }) => ({ kty, crv, x, y, n, e }),
)
