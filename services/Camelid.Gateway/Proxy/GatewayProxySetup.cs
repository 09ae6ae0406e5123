using Camelid.ServiceDefaults.Http;
using Camelid.ServiceDefaults.Rpc;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Transforms;

namespace Camelid.Gateway.Proxy;

/// <summary>
/// Operator routes and screens of services that run as their own processes. Inside one process they are mapped
/// directly,
/// and nothing of this is used.
/// </summary>
public static class GatewayProxySetup
{
    /// <summary>Which service stands behind which path; the first key of a path wins over the general one.</summary>
    private static readonly (string Path, string Service)[] Routes =
    [
        ("/api/chain/{**rest}", "chain"),
        ("/api/wallet/{**rest}", "chain"),
        ("/api/jobs/{**rest}", "jobpool"),
        ("/api/models/{**rest}", "modelregistry"),
        ("/api/verification/{**rest}", "verifier"),
        ("/", "dashboard"),
        ("/jobs/{**rest}", "dashboard"),
        ("/chain/{**rest}", "dashboard"),
        ("/network/{**rest}", "dashboard"),
        ("/live/{**rest}", "dashboard"),
        ("/assets/{**rest}", "dashboard"),
    ];

    /// <summary>Registers routes to every service whose address is configured (<c>services:NAME:http:0</c>).</summary>
    public static IHostApplicationBuilder AddGatewayProxy(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddSingleton<ServiceToken>();
        Dictionary<string, Uri> addresses = [];
        foreach (string service in Routes.Select(route => route.Service).Distinct())
        {
            if (ServiceAddress.Find(builder.Configuration, service, "http") is { } address)
            {
                addresses[service] = address;
            }
        }

        RouteConfig[] routes = [.. Routes.Where(route => addresses.ContainsKey(route.Service)).Select(route =>
            new RouteConfig
            {
                RouteId = route.Path,
                ClusterId = route.Service,
                Match = new RouteMatch { Path = route.Path },
            })];
        ClusterConfig[] clusters = [.. addresses.Select(pair => new ClusterConfig
        {
            ClusterId = pair.Key,
            Destinations = new Dictionary<string, DestinationConfig>
            {
                [pair.Key] = new DestinationConfig { Address = pair.Value.ToString() },
            },
        })];
        builder.Services.AddReverseProxy().LoadFromMemory(routes, clusters).AddTransforms(context =>
        {
            ServiceToken token = context.Services.GetRequiredService<ServiceToken>();
            context.AddRequestTransform(transform =>
            {
                // The person's key ends here: behind the gateway only the operator's own token counts.
                transform.ProxyRequest.Headers.Remove("Authorization");
                if (token.Header is { } header)
                {
                    transform.ProxyRequest.Headers.TryAddWithoutValidation("Authorization", header);
                }

                return ValueTask.CompletedTask;
            });
        });
        return builder;
    }

    /// <summary>Maps those routes.</summary>
    public static WebApplication MapGatewayProxy(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.MapReverseProxy();
        return app;
    }
}
