using System.Data.Common;
using System.Net.Sockets;
using Camelid.ServiceDefaults.Hosting;
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
    public static IHostApplicationBuilder AddServiceDatabase<TDatabase>(this IHostApplicationBuilder builder,
        string name)
        where TDatabase : ServiceDatabase
    {
        bool isPostgreSql = !string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString(name));
        if (isPostgreSql)
        {
            builder.AddNpgsqlDataSource(name);
        }

        builder.Services.AddSingleton(services =>
        {
            TimeProvider time = services.GetRequiredService<TimeProvider>();
            return isPostgreSql
                ? new ServiceDatabaseOptions<TDatabase>(
                    name, new PostgreSqlEngine(services.GetRequiredService<NpgsqlDataSource>()), time)
                : ServiceDatabaseOptions.ForFolder<TDatabase>(name, services.GetRequiredService<DataFolder>(), time);
        });
        builder.Services.AddSingleton<TDatabase>();
        builder.Services.AddHostedService<DatabaseStart<TDatabase>>();
        builder.Services.AddHostedService<OutboxRelay<TDatabase>>();
        return builder;
    }

    /// <summary>
    /// Migrates before anything else of the service starts, waiting a while for a database that is still starting.
    /// </summary>
    private sealed class DatabaseStart<TDatabase>(TDatabase database) : IHostedService
        where TDatabase : ServiceDatabase
    {
        private const int AttemptsMax = 10;
        private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

        public async Task StartAsync(CancellationToken cancellationToken)
        {
            for (int attempt = 1; ; attempt++)
            {
                try
                {
                    await database.MigrateAsync(cancellationToken);
                    return;
                }
                catch (Exception exception) when (exception is DbException or SocketException or IOException)
                {
                    if (attempt == AttemptsMax || exception is PostgresException { IsTransient: false })
                    {
                        throw new InvalidOperationException(
                            $"the database '{database.Name}' at {database.Location} cannot be used: "
                            + $"{exception.Message} "
                            + $"Start it, or correct ConnectionStrings__{database.Name}.",
                            exception);
                    }

                    await Task.Delay(Pause, cancellationToken);
                }
            }
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
