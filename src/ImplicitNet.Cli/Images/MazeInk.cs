namespace ImplicitNet.Cli.Images;

/// <summary>What a colour of a drawn maze means.</summary>
internal enum MazeInk : byte
{
    /// <summary>Nothing: it lies between the colours.</summary>
    None,

    /// <summary>Black, or nearly.</summary>
    Wall,

    /// <summary>White, or nearly.</summary>
    Open,

    /// <summary>Any clear green.</summary>
    Start,

    /// <summary>Any clear red.</summary>
    Goal,
}
