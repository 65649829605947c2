using ImplicitNet.Fuzz;

if (FuzzOptions.Parse(args) is not { } options)
{
    Console.Error.WriteLine(FuzzOptions.Usage);
    return 2;
}

DirectoryInfo folder = Directory.CreateTempSubdirectory("implicitnet-fuzz-");
try
{
    if (options.Board is not null)
    {
        IReadOnlyList<FuzzFormat> formats = FuzzFormats.Of(options.Format, folder.FullName);
        using FuzzBoard board = new(options.Board, formats.Count);

        // The parent looks for the present case beside the board.
        new FuzzRunner(options, formats, board, Path.GetDirectoryName(options.Board)!).Run();
        foreach (IDisposable format in formats.OfType<IDisposable>())
        {
            format.Dispose();
        }

        return 0;
    }

    IReadOnlyList<string> names = FuzzFormats.Names(options.Format);
    if (names.Count == 0)
    {
        Console.Error.WriteLine($"--format {options.Format}: one of {string.Join(", ", FuzzFormats.Names(null))} was expected.");
        return 2;
    }

    return new FuzzParent(options, names, folder.FullName).Run() == 0 ? 0 : 1;
}
finally
{
    folder.Delete(recursive: true);
}
