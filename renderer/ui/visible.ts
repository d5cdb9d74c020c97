export { visible, visibleLines } from '../../gateway-core/cli/visible.ts'
