/**
 * Ready-to-paste configuration of four clients. The formats are those of their documentation: Claude Desktop and
 * Cursor read `mcpServers` from a JSON file, VS Code reads `servers`, Claude Code has a command.
 * @param server full path of the built `main.js`
 */
export const clientConfigurations = (server: string): string => {
  const command = 'node'
  const local = { command, args: [server, '--local'] }
  const own = {
    command,
    args: [server],
    env: { POSTHOG_PERSONAL_API_KEY: 'phx_…', POSTHOG_HOST: 'https://us.posthog.com' },
  }
  const input = { type: 'promptString', id: 'posthog-key', description: 'PostHog personal API key', password: true }
  const prompted = { ...own, type: 'stdio', env: { ...own.env, POSTHOG_PERSONAL_API_KEY: '$' + '{input:posthog-key}' } }
  return [
    'With the local warehouse (no account). It starts empty, without the sample, refuses what PostHog keeps for browser',
    'sessions, and forgets all when the client ends. Add to args: a folder after --local to keep it, --allow-dir FOLDER',
    'to upload files by path, --session-actions allow to open what the tour showed.',
    '',
    'Claude Desktop (claude_desktop_config.json) and Cursor (~/.cursor/mcp.json):',
    JSON.stringify({ mcpServers: { 'posthog-warehouse': local } }, null, 2),
    'Claude Code:',
    `claude mcp add posthog-warehouse -- node ${JSON.stringify(server)} --local`,
    'VS Code (.vscode/mcp.json):',
    JSON.stringify({ servers: { 'posthog-warehouse': { type: 'stdio', ...local } } }, null, 2),
    '',
    'With your PostHog: leave out --local and give the key in the environment:',
    '',
    'Claude Desktop and Cursor:',
    JSON.stringify({ mcpServers: { 'posthog-warehouse': own } }, null, 2),
    'Claude Code:',
    `claude mcp add posthog-warehouse --env POSTHOG_PERSONAL_API_KEY=phx_… -- node ${JSON.stringify(server)}`,
    'VS Code (asks for the key once and keeps it safe):',
    JSON.stringify({ inputs: [input], servers: { 'posthog-warehouse': prompted } }, null, 2),
  ].join('\n')
}

/**
 * The same for clients that connect over HTTP. Claude Desktop connects only to public https addresses.
 * @param url of the endpoint
 */
export const httpClientConfigurations = (url: string): string =>
  [
    'Claude Code:',
    `claude mcp add --transport http posthog-warehouse ${url}`,
    'Cursor (~/.cursor/mcp.json):',
    JSON.stringify({ mcpServers: { 'posthog-warehouse': { url } } }, null, 2),
    'VS Code (.vscode/mcp.json):',
    JSON.stringify({ servers: { 'posthog-warehouse': { type: 'http', url } } }, null, 2),
  ].join('\n')
