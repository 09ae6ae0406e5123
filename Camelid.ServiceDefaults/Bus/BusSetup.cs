using System.Text;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Camelid.ServiceDefaults.Bus;

/// <summary>Work and events between services: RabbitMQ where it is configured, memory otherwise.</summary>
public static class BusSetup
{
    private const int RetriesMax = 5;

    /// <summary>
    /// Hands a consumer to the host's bus. Its queue is <c>SERVICE-MESSAGE</c>, so that services never share one.
    /// </summary>
    /// <typeparam name="TConsumer">The consumer; safe to run twice.</typeparam>
    /// <typeparam name="TMessage">The message, whose kebab-case name ends the queue's name.</typeparam>
    /// <param name="services">The host's services.</param>
    /// <param name="service">The service that owns the consumer, such as <c>jobpool</c>.</param>
    /// <param name="prefetch">Messages held at once.</param>
    /// <param name="concurrency">Messages handled at once.</param>
    public static IServiceCollection AddBusConsumer<TConsumer, TMessage>(
        this IServiceCollection services, string service, int prefetch = 16, int concurrency = 4)
        where TConsumer : class, IConsumer<TMessage>
        where TMessage : class
    {
        string queue = $"{service}-{KebabCase(typeof(TMessage).Name)}";
        return services.AddSingleton(new BusConsumer(bus => bus.AddConsumer<TConsumer>().Endpoint(endpoint =>
        {
            endpoint.Name = queue;
            endpoint.PrefetchCount = prefetch;
            endpoint.ConcurrentMessageLimit = concurrency;
        })));
    }

    /// <summary>
    /// Registers the bus with every consumer handed over. The host calls it once, after each <c>AddX()</c>.
    /// </summary>
    public static IHostApplicationBuilder AddServiceBus(this IHostApplicationBuilder builder)
    {
        BusConsumer[] consumers = [.. builder.Services
            .Where(descriptor => descriptor.ServiceType == typeof(BusConsumer))
            .Select(descriptor => (BusConsumer)descriptor.ImplementationInstance!)];
        string? messaging = builder.Configuration.GetConnectionString("messaging");
        builder.Services.AddMassTransit(bus =>
        {
            // The library would report to its makers how it is used.
            bus.DisableUsageTelemetry();
            foreach (BusConsumer consumer in consumers)
            {
                consumer.Register(bus);
            }

            bus.AddConfigureEndpointsCallback((_, _, endpoint) =>
            {
                endpoint.UseMessageRetry(retry => retry.Exponential(
                    RetriesMax, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5),
                        TimeSpan.FromMilliseconds(200)));
                if (endpoint is IRabbitMqReceiveEndpointConfigurator rabbit)
                {
                    rabbit.SetQuorumQueue();
                }
            });
            if (string.IsNullOrWhiteSpace(messaging))
            {
                bus.UsingInMemory((context, transport) => transport.ConfigureEndpoints(context));
            }
            else
            {
                bus.UsingRabbitMq((context, transport) =>
                {
                    transport.Host(new Uri(messaging));
                    transport.ConfigureEndpoints(context);
                });
            }
        });
        builder.Services.AddOptions<MassTransitHostOptions>().Configure(options =>
        {
            options.WaitUntilStarted = true;
            options.StartTimeout = TimeSpan.FromSeconds(60);
            options.StopTimeout = TimeSpan.FromSeconds(8);
        });
        return builder;
    }

    /// <summary><c>JobComputed</c> becomes <c>job-computed</c>.</summary>
    internal static string KebabCase(string name)
    {
        StringBuilder kebab = new();
        foreach (char letter in name)
        {
            if (char.IsAsciiLetterUpper(letter) && kebab.Length > 0)
            {
                kebab.Append('-');
            }

            kebab.Append(char.ToLowerInvariant(letter));
        }

        return kebab.ToString();
    }

    /// <summary>A consumer that waits for the host's bus.</summary>
    private sealed record BusConsumer(Action<IBusRegistrationConfigurator> Register);
}
