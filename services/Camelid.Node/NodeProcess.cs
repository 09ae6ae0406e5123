using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Camelid.ServiceDefaults.Hosting;
using Microsoft.AspNetCore.Connections;

namespace Camelid.Node;

/// <summary>One run of a node, from its command line to its exit code.</summary>
internal static class NodeProcess
{
    /// <summary>
    /// Past this, a stop no longer waits: all that matters is on disk already (the kill test proves it).
    /// </summary>
    private static readonly TimeSpan DrainMax = TimeSpan.FromMilliseconds(9500);

    [SuppressMessage("Design", "CA1031", Justification = "The edge of the process: what failed becomes one line.")]
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        if (!NodeOptions.TryParse(args, out NodeOptions options, out string fault))
        {
            await error.WriteLineAsync($"camelid: {fault}\n{NodeOptions.Usage}");
            return NodeRefusal.Usage;
        }

        if (options.IsHelp)
        {
            await output.WriteLineAsync(NodeOptions.Usage);
            return 0;
        }

        try
        {
            if (options.Network != "regtest")
            {
                throw new NodeRefusal(NodeRefusal.Refused,
                    $"network '{options.Network}': a whole node runs on regtest only: elsewhere nothing funds stakes. "
                    + "Leave --network out for a private regtest chain.");
            }

            CheckPort(options.Port);
            using NodeFolder folder = NodeFolder.Take(options.DataFolder);
            await ServeAsync(options, folder, output);
            return 0;
        }
        catch (NodeRefusal refusal)
        {
            await error.WriteLineAsync($"camelid: {refusal.Message}");
            return refusal.ExitCode;
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            await error.WriteLineAsync($"camelid: {PortInUse(options.Port)}");
            return NodeRefusal.Refused;
        }
        catch (OperationCanceledException)
        {
            // Asked to stop before the start was complete.
            return 0;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            await error.WriteLineAsync($"camelid: the node could not go on: {ServiceProcess.LineOf(exception)}");
            if (Environment.GetEnvironmentVariable("CAMELID_DEBUG") == "1")
            {
                await error.WriteLineAsync(exception.ToString());
            }

            return NodeRefusal.Failure;
        }
    }

    private static async Task ServeAsync(NodeOptions options, NodeFolder folder, TextWriter output)
    {
        NodeProgress progress = new(output, folder, TimeProvider.System);
        await using WebApplication app = NodeHost.Build(options, folder);
        app.Lifetime.ApplicationStopping.Register(() =>
        {
            progress.Line("stopping");
            ExitAfter(DrainMax);
        });
        await app.StartAsync();
        if (!OperatingSystem.IsWindows() && File.Exists(folder.SocketPath))
        {
            File.SetUnixFileMode(folder.SocketPath, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        progress.Line("services started");
        await progress.WaitUntilReadyAsync(app, options, app.Lifetime.ApplicationStopping);
        await app.WaitForShutdownAsync();
        progress.Line("stopped");
    }

    private static void ExitAfter(TimeSpan limit) => new Thread(() =>
    {
        Thread.Sleep(limit);
        Environment.Exit(0);
    })
    { IsBackground = true, Name = "drain limit" }.Start();

    /// <summary>Says it before anything else starts: a port is the commonest thing that is taken.</summary>
    private static void CheckPort(int port)
    {
        using TcpListener probe = new(IPAddress.Loopback, port);
        try
        {
            probe.Start();
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new NodeRefusal(NodeRefusal.Refused, PortInUse(port));
        }
        catch (SocketException exception)
        {
            throw new NodeRefusal(NodeRefusal.Refused,
                $"port {port} cannot be opened ({exception.Message}). Choose another with --port.");
        }
    }

    private static string PortInUse(int port) =>
        $"port {port} on 127.0.0.1 is in use. Stop what listens there, or choose another with --port.";
}
