namespace ImplicitNet.Training.Data;

/// <summary>What random numbers are for, so that one seed serves several uses that do not repeat each other's numbers.</summary>
internal enum RandomPurpose
{
    Drawing = 1,
    HoldOut = 2,
    EpochOrder = 3,
    Shift = 4,
    Flip = 5,
    Crop = 6,
    Erase = 7,
    Device = 8,
    Sample = 9,
    Solves = 10,
    Noise = 11,
    Windows = 12,
    Rank = 13,
}
