using System.Diagnostics;
using Camelid.ServiceDefaults.Bus;
using Camelid.ServiceDefaults.Storage;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Camelid.Benchmarks;

/// <summary>Messages from a SQLite transaction through the outbox to a consumer, the bus in memory.</summary>
internal sealed class OutboxBenchmark
{
    private const int MessagesCount = 1000, TransactionMessages = 50, ArrivalSecondsMax = 60;

    public static async Task<Measurement> RunAsync()
    {
        string folder = Directory.CreateTempSubdirectory("camelid-bench-").FullName;
        try
        {
            HostApplicationBuilder builder = Host.CreateApplicationBuilder();
            builder.Logging.SetMinimumLevel(LogLevel.Warning);
            builder.Configuration["Camelid:DataDir"] = folder;
            builder.AddServiceDefaults();
            builder.AddServiceDatabase<BenchDatabase>("bench");
            builder.Services.AddSingleton<Arrivals>();
            builder.Services.AddBusConsumer<TickConsumer, Tick>("bench");
            builder.AddServiceBus();
            using IHost host = builder.Build();
            await host.StartAsync();
            double[] rates = new double[Measurement.Rounds];
            for (int round = -1; round < rates.Length; round++)
            {
                double rate = MessagesCount / await RoundAsync(host.Services);
                if (round >= 0)
                {
                    rates[round] = rate;
                }
            }

            await host.StopAsync();
            return Measurement.Of(
                "messages through the outbox, from their transaction to the consumer", rates, "per second");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<double> RoundAsync(IServiceProvider services)
    {
        BenchDatabase database = services.GetRequiredService<BenchDatabase>();
        Task arrived = services.GetRequiredService<Arrivals>().Expect(MessagesCount);
        long started = Stopwatch.GetTimestamp();
        for (int sent = 0; sent < MessagesCount; sent += TransactionMessages)
        {
            int first = sent;
            await database.WriteAsync(
                async session =>
                {
                    for (int number = first; number < first + TransactionMessages; number++)
                    {
                        await session.Publish(new Tick(number));
                    }
                },
                CancellationToken.None);
        }

        await arrived.WaitAsync(TimeSpan.FromSeconds(ArrivalSecondsMax));
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}

/// <summary>A message of no meaning.</summary>
/// <param name="Number">Its place.</param>
public sealed record Tick(int Number);

/// <summary>A database with nothing but its outbox.</summary>
public sealed class BenchDatabase(ServiceDatabaseOptions<BenchDatabase> options) : ServiceDatabase(options);

/// <summary>Counts what arrives.</summary>
public sealed class Arrivals
{
    private TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int left;

    /// <summary>Done when so many messages came.</summary>
    public Task Expect(int count)
    {
        done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref left, count);
        return done.Task;
    }

    /// <summary>One came.</summary>
    public void Add()
    {
        if (Interlocked.Decrement(ref left) == 0)
        {
            done.TrySetResult();
        }
    }
}

/// <summary>Receives ticks.</summary>
public sealed class TickConsumer(Arrivals arrivals) : IConsumer<Tick>
{
    /// <inheritdoc/>
    public Task Consume(ConsumeContext<Tick> context)
    {
        arrivals.Add();
        return Task.CompletedTask;
    }
}
