export function TasksView() {
  return null;
}
