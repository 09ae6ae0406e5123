using System.Data.Common;
using System.Net.Sockets;
using Camelid.ServiceDefaults.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Camelid.ServiceDefaults.Storage;

/// <summary>Registers a service's database.</summary>
public static class StorageSetup
{
    /// <summary>
    /// PostgreSQL where <c>ConnectionStrings:NAME</c> is set, a SQLite file otherwise; migrated at start; outbox
    /// relayed.
    /// </summary>
    /// <typeparam name="TDatabase">The service's own database class.</typeparam>
    /// <param name="builder">The host.</param>
    /// <param name="name">Name of the database, such as <c>jobs</c>.</param>
    /// <param name="migrations">The folder of its migrations.</param>
    public static IHostApplicationBuilder AddServiceDatabase<TDatabase>(
        this IHostApplicationBuilder builder, string name,
        string migrations = ServiceDatabaseOptions.FolderDefault)
        where TDatabase : ServiceDatabase
    {
        bool isPostgreSql = !string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString(name));
        if (isPostgreSql)
        {
            builder.AddKeyedNpgsqlDataSource(name);
        }

        builder.Services.AddSingleton(services =>
        {
            TimeProvider time = services.GetRequiredService<TimeProvider>();
            return isPostgreSql
                ? new ServiceDatabaseOptions<TDatabase>(
                    name, new PostgreSqlEngine(services.GetRequiredKeyedService<NpgsqlDataSource>(name)), time,
                    migrations)
                : ServiceDatabaseOptions.ForFolder<TDatabase>(
                    name, services.GetRequiredService<DataFolder>(), time, migrations);
        });
        builder.Services.AddSingleton<TDatabase>();
        builder.Services.AddHostedService<DatabaseStart<TDatabase>>();
        builder.Services.AddHostedService<OutboxRelay<TDatabase>>();
        return builder;
    }

    /// <summary>
    /// Migrates before anything else of the process starts, waiting a while for a database that is still starting.
    /// </summary>
    private sealed class DatabaseStart<TDatabase>(TDatabase database, TimeProvider time) : IHostedLifecycleService
        where TDatabase : ServiceDatabase
    {
        private const int BusyCode = 5;
        private const int LockedCode = 6;
        private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(10);
        private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

        public async Task StartingAsync(CancellationToken cancellationToken)
        {
            long started = time.GetTimestamp();
            while (true)
            {
                try
                {
                    await database.MigrateAsync(cancellationToken);
                    return;
                }
                catch (Exception exception) when (exception is DbException or SocketException or IOException
                    or TimeoutException or UnauthorizedAccessException)
                {
                    bool mayPass = exception is SocketException or TimeoutException or IOException
                        or DbException { IsTransient: true }
                        or SqliteException { SqliteErrorCode: BusyCode or LockedCode };
                    if (!mayPass || time.GetElapsedTime(started) >= WaitMax)
                    {
                        throw new InvalidOperationException(
                            $"the database '{database.Name}' at {database.Location} cannot be used: "
                            + $"{exception.Message.TrimEnd('.')}. {database.Remedy}",
                            exception);
                    }

                    await Task.Delay(Pause, time, cancellationToken);
                }
            }
        }

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
