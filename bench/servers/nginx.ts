import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ServerCommand } from '../measure/server-process.ts'

/** Whether there is an nginx to compare with. */
export function hasNginx(): boolean {
  return spawnSync('nginx', ['-v']).status === 0
}

/** nginx taking PUTs by WebDAV: it checks no digest and syncs nothing; the page cache's mood moves its figures. */
export function nginxDav(directory: string, port: number): ServerCommand {
  mkdirSync(join(directory, 'u'))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${directory}/tmp;`,
  )
  writeFileSync(
    join(directory, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${directory}/pid; error_log ${directory}/error.log;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 512; }
http {
  access_log off; keepalive_requests 1000000; client_max_body_size 0; client_body_buffer_size 1m;
  ${temporary.join(' ')}
  server { listen 127.0.0.1:${port}; root ${directory}; location /u/ { dav_methods PUT; } }
}
`,
  )
  return { command: 'nginx', args: ['-c', join(directory, 'nginx.conf'), '-e', join(directory, 'error.log')] }
}
