return await Camelid.Node.NodeProcess.RunAsync(args, Console.Out, Console.Error);
