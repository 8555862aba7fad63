# Debian's programs by Red Hat's names.
wrap m4 m4
wrap make make
wrap procmail procmail
wrap s-nail s-nail
wrap cyrus-sasl sasl2-bin
wrap cyrus-sasl-plain libsasl2-modules
