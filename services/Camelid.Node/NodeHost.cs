using System.Net;
using Camelid.Chain;
using Camelid.Dashboard;
using Camelid.Gateway;
using Camelid.Inference;
using Camelid.JobPool;
using Camelid.ModelRegistry;
using Camelid.ServiceDefaults.Bus;
using Camelid.ServiceDefaults.Hosting;
using Camelid.Verifier;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Camelid.Node;

/// <summary>All services in one process: HTTP/1 on a loopback port, gRPC among them on a Unix socket.</summary>
internal static class NodeHost
{
    /// <summary>SIGTERM and SIGINT drain within 10 s; the rest is for what does not listen.</summary>
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(8);

    public static WebApplication Build(NodeOptions options, NodeFolder folder)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            ContentRootPath = AppContext.BaseDirectory,
        });
        Configure(builder.Configuration, options, folder);
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss ";
        });
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
            console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, options.Port, endpoint => endpoint.Protocols = HttpProtocols.Http1);
            kestrel.ListenUnixSocket(folder.SocketPath, endpoint => endpoint.Protocols = HttpProtocols.Http2);
        });
        builder.AddServiceDefaults();
        builder.AddChain();
        builder.AddModelRegistry();
        builder.AddJobPool();
        if (options.Roles.IsWorker)
        {
            builder.AddInference();
        }

        if (options.Roles.IsVerifier)
        {
            builder.AddVerifier();
        }

        builder.AddGateway();
        builder.AddDashboard();
        builder.AddServiceBus();
        return Map(builder.Build(), options.Roles);
    }

    /// <summary>What the command line says about peers; what it leaves open, the environment may say.</summary>
    private static Dictionary<string, string?> PeersOf(NodeOptions options)
    {
        Dictionary<string, string?> settings = new()
        {
            ["Chain:PeerPort"] = options.Port is 0 or 65_535 ? "0" : $"{options.Port + 1}",
        };
        if (options.Connect.Count > 0)
        {
            settings["Chain:Connect"] = string.Join(',', options.Connect);
        }

        if (options.Listen.Length > 0)
        {
            settings["Chain:Listen"] = options.Listen;
        }

        if (options.Mine is { } mine)
        {
            settings["Chain:Mine"] = mine ? "true" : "false";
        }

        return settings;
    }

    private static WebApplication Map(WebApplication app, NodeRoles roles)
    {
        app.MapGateway();
        app.MapChain();
        app.MapModelRegistry();
        app.MapJobPool();
        if (roles.IsWorker)
        {
            app.MapInference();
        }

        if (roles.IsVerifier)
        {
            app.MapVerifier();
        }

        app.MapDashboard();
        app.MapDefaultEndpoints();
        return app;
    }

    /// <summary>
    /// Only what the command line and the environment say: files of single services lie beside this program too.
    /// </summary>
    private static void Configure(ConfigurationManager configuration, NodeOptions options, NodeFolder folder)
    {
        configuration.Sources.Clear();
        configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Logging:LogLevel:Default"] = "Warning",
            ["Logging:LogLevel:Microsoft.Hosting.Lifetime"] = "None",

            // Two that mine where a block costs nothing would only fork. The environment may say otherwise.
            ["Chain:Mine"] = options.Connect.Count == 0 ? "true" : "false",
            ["Models:ChunkPort"] = options.Port is 0 or > 65_533 ? "0" : $"{options.Port + 2}",
        });
        configuration.AddEnvironmentVariables();
        configuration.AddInMemoryCollection(PeersOf(options));
        configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Camelid:DataDir"] = folder.Path,
            ["Camelid:Network"] = options.Network,
            ["Camelid:Model"] = options.Model,
            [NodeRoles.Setting] = options.Roles.ToString(),
            ["Camelid:Socket"] = folder.SocketPath,
            ["urls"] = null,
        });
    }
}
