return await Camelid.Cli.CommandLine.RunAsync(args, Camelid.Cli.Terminal.OfProcess());
