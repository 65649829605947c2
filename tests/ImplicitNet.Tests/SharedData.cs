namespace ImplicitNet.Tests;

/// <summary>Finds the folder of outside data, "shared" beside the repository, and skips a test that needs what is not there.</summary>
public static class SharedData
{
    private const string Variable = "IMPLICITNET_SHARED";

    /// <summary>The folder of the repository: the nearest one above the test's that holds the solution file.</summary>
    public static string RepositoryRoot
    {
        get
        {
            for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, "ImplicitNet.slnx")))
                {
                    return folder.FullName;
                }
            }

            throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} holds ImplicitNet.slnx.");
        }
    }

    /// <summary>A folder below the shared one, such as "data/mnist". Where it is absent the test is skipped.</summary>
    public static string FolderOrSkip(string name)
    {
        string shared = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : Path.Combine(RepositoryRoot, "..", "shared");
        string folder = Path.Combine(shared, name);
        Assert.SkipUnless(Directory.Exists(folder), $"needs {name} in a folder \"shared\" beside the repository, or in the one {Variable} names");
        return folder;
    }
}
