import type { ProjectCall, Reply } from '../route.ts'
import { timestamp, type World } from '../world.ts'

const FIRST_ID = 1001

/** `GET data_ops_dashboard`: makes the dashboard when there is none, and saves it although it is a GET. */
export const dataOpsDashboard = async (world: World, call: ProjectCall): Promise<Reply> => {
  const { dashboards } = world.store.state.managed
  const known = dashboards.find(({ project }) => project === call.project.id)
  if (known !== undefined) return { status: 200, body: { dashboard_id: known.id } }
  const id = Math.max(FIRST_ID - 1, ...dashboards.map((dashboard) => dashboard.id)) + 1
  dashboards.push({ id, project: call.project.id })
  world.store.state.tree.objects.push({
    type: 'dashboard',
    ref: String(id),
    project: call.project.id,
    name: 'Data ops overview',
    createdBy: call.key.user.id,
    createdAt: timestamp(world),
    deleted: false,
  })
  await world.store.save()
  return { status: 200, body: { dashboard_id: id } }
}
