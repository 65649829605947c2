using ImplicitNet.Cli.Settings;
using ImplicitNet.Training.Data.Augmentations;

namespace ImplicitNet.Cli.Options;

/// <summary>What --augment does to training images.</summary>
internal static class AugmentationChoice
{
    /// <summary>Flips, crops and erasing; no flips of digits, which mirrored are others or none.</summary>
    public static AugmentationList For(string data) => data is DataChoice.Digits or DataChoice.Mnist or DataChoice.Svhn
        ? [new RandomCrop(), new RandomErasing()]
        : [new HorizontalFlip(), new RandomCrop(), new RandomErasing()];
}
