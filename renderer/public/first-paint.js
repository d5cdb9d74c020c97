// Runs before anything is painted, so that no start flashes: the theme that was chosen, and whether a workspace comes.
;(() => {
  const page = document.documentElement
  const kept = localStorage.getItem('gatehouse theme')
  const light = kept === 'light' || (kept !== 'dark' && matchMedia('(prefers-color-scheme: light)').matches)
  page.dataset.theme = light ? 'light' : 'dark'
  const before = sessionStorage.getItem('gatehouse opening')
  page.dataset.opening = before ?? (location.hash === '#welcome' ? 'nothing' : 'workspace')
})()
