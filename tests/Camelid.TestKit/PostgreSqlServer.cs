using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using Xunit;

namespace Camelid.TestKit;

/// <summary>
/// A private PostgreSQL server in a temporary folder, started once for each test assembly that asks; tests skip with a
/// reason where it is not installed.
/// </summary>
public sealed class PostgreSqlServer : IAsyncLifetime
{
    private static readonly string[] Folders =
        ["/usr/lib/postgresql/17/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/15/bin", "/usr/local/bin", "/usr/bin"];

    private readonly string folder = Path.Combine(Path.GetTempPath(), $"camelid-postgres-{Guid.NewGuid():N}");
    private string? binaries;
    private string? connection;
    private int databases;

    /// <summary>Starts the server, where there is one.</summary>
    public async ValueTask InitializeAsync()
    {
        binaries = Folders.FirstOrDefault(candidate =>
            File.Exists(Path.Combine(candidate, "pg_ctl")) && File.Exists(Path.Combine(candidate, "initdb")));
        if (binaries is null)
        {
            return;
        }

        Directory.CreateDirectory(folder);
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chown", ["postgres", folder]);
        }

        int port = FreePort();
        string data = Path.Combine(folder, "data");
        await RunAsync("initdb", ["-D", data, "-U", "camelid", "-A", "trust", "--no-sync"]);
        string options = string.Create(
            CultureInfo.InvariantCulture, $"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off");
        await RunAsync("pg_ctl", ["-D", data, "-w", "-l", Path.Combine(folder, "log"), "-o", options, "start"]);
        connection = string.Create(
            CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={port};Username=camelid;Database=postgres");
    }

    /// <summary>Connection string of a new, empty database; skips the test where there is no PostgreSQL.</summary>
    public async Task<string> NewDatabaseAsync(CancellationToken cancellationToken)
    {
        Assert.SkipWhen(connection is null, "PostgreSQL is not installed (no pg_ctl beside initdb)");
        string name = string.Create(CultureInfo.InvariantCulture, $"camelid{Interlocked.Increment(ref databases)}");
        await using NpgsqlConnection admin = new(connection);
        await admin.OpenAsync(cancellationToken);
        await using NpgsqlCommand command = admin.CreateCommand();
        command.CommandText = "create database " + name;
        await command.ExecuteNonQueryAsync(cancellationToken);
        return new NpgsqlConnectionStringBuilder(connection) { Database = name }.ToString();
    }

    /// <summary>Stops the server and removes its files.</summary>
    public async ValueTask DisposeAsync()
    {
        if (connection is not null)
        {
            NpgsqlConnection.ClearAllPools();
            await RunAsync("pg_ctl", ["-D", Path.Combine(folder, "data"), "-m", "immediate", "stop"]);
            connection = null;
        }

        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>PostgreSQL refuses to run as root: a privileged process becomes the user postgres.</summary>
    private async Task RunAsync(string program, string[] arguments)
    {
        string path = program == "chown" ? program : Path.Combine(binaries!, program);
        ProcessStartInfo start = Environment.IsPrivilegedProcess && program != "chown"
            ? new("runuser", ["-u", "postgres", "--", path, .. arguments])
            : new(path, arguments);
        start.WorkingDirectory = folder;

        // pg_ctl's server would inherit a pipe and keep it open for ever: what it says goes into its own log.
        start.RedirectStandardOutput = program == "initdb";
        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"{path} cannot be started");
        if (start.RedirectStandardOutput)
        {
            await process.StandardOutput.ReadToEndAsync();
        }

        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{path} ended with {process.ExitCode}");
        }
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
