$nyquist plug-in
$version 4
$type process
$name (_ "Denoise")
$debugbutton disabled
$preview disabled
$author (_ "Unmix")
$release 0.1.0
$copyright (_ "MIT")

(setf unmix-home (strcat (get '*system-dir* 'user-plug-in) "/"))
(load (strcat unmix-home "unmix-folder.lsp") :verbose nil)
(load (strcat unmix-home "unmix.lsp") :verbose nil)
(unmix "denoise" nil)
